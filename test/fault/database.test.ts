// The embedded server is killed in every way, under load and while it starts: what was acknowledged stays, and it comes
// back without a hand.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { describeError } from '../../src/base/errors.ts'
import { openInstallation } from '../../src/base/installation.ts'
import { createLogger } from '../../src/base/log.ts'
import type { MemberContext } from '../../src/base/member.ts'
import { identify, isRunning } from '../../src/base/process.ts'
import { freshSeed, seededRandom } from '../../src/base/random.ts'
import type { OpenDatabase } from '../../src/database/index.ts'
import { embeddedPostgres } from '../../src/database/members.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

const LOOK_MS = 5
const silent = createLogger({ write: () => {} })

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await systemClock.sleep(LOOK_MS)
}

const contextOf = (server: TestPostgres): MemberContext => ({
  installation: server.installation,
  appDir: server.installation.dataDir,
  log: silent,
})
const pidFile = (server: TestPostgres): string =>
  join(server.installation.dataDir, 'postgres', 'data', 'postmaster.pid')

interface Load {
  /** Ids whose commit was acknowledged. */
  readonly acknowledged: number[]
  readonly failures: Set<string>
  stop(): Promise<void>
}

/** Writers that insert one row after the other, in turn with a transaction and with a single statement. */
function write(database: OpenDatabase, writers: number): Load {
  const stopping = new AbortController()
  let next = 0
  const acknowledged: number[] = []
  const failures = new Set<string>()
  const writer = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const id = ++next
      const insert =
        id % 2 === 0
          ? database.sql`insert into entry values (${id})`
          : database.transaction((tx) => tx.sql`insert into entry values (${id})`)
      await insert.then(
        () => acknowledged.push(id),
        (error: unknown) => failures.add(describeError(error).split(':')[0]!),
      )
    }
  }
  const running = Array.from({ length: writers }, writer)
  return {
    acknowledged,
    failures,
    async stop() {
      stopping.abort()
      await Promise.all(running)
    },
  }
}

const missing = async (database: OpenDatabase, ids: readonly number[]): Promise<unknown[]> =>
  database.sql`select id from unnest(${ids}::integer[]) as wanted (id) except select id from entry`

const EXPECTED_FAILURES = ['DATABASE_CONNECTION_LOST', 'DATABASE_COMMIT_UNKNOWN']

describe('under write load', () => {
  test('a server killed again and again loses no acknowledged commit', async () => {
    const seed = freshSeed()
    const random = seededRandom(seed)
    await using server = await startTestPostgres()
    const database = server.open({ poolMax: 6, connectTimeoutMs: 30_000 })
    await database.sql`create table entry (id integer primary key)`
    const load = write(database, 6)

    for (let round = 0; round < 5; round++) {
      const enough = load.acknowledged.length + 20 + random.integer(400)
      await until(() => load.acknowledged.length >= enough)
      await server.kill()
      await server.restart()
    }
    const enough = load.acknowledged.length + 100
    await until(() => load.acknowledged.length >= enough)
    await load.stop()

    expect(await missing(database, load.acknowledged), `seed ${seed}`).toEqual([])
    expect(EXPECTED_FAILURES, `seed ${seed}`).toEqual(expect.arrayContaining([...load.failures]))
  })

  test('a killed backend takes the others with it, and the server comes back by itself', async () => {
    await using server = await startTestPostgres()
    const database = server.open({ poolMax: 6, connectTimeoutMs: 30_000 })
    await database.sql`create table entry (id integer primary key)`
    const load = write(database, 5)

    for (let round = 0; round < 3; round++) {
      const victims = await database.sql<{ pid: number }>`
        select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() limit 1`
      for (const { pid } of victims) process.kill(pid, 'SIGKILL')
      const enough = load.acknowledged.length + 200
      await until(() => load.acknowledged.length >= enough)
    }
    await load.stop()

    expect(await missing(database, load.acknowledged)).toEqual([])
    expect(EXPECTED_FAILURES).toEqual(expect.arrayContaining([...load.failures]))
  })

  test('a transaction whose connection dies before COMMIT runs again and takes effect once', async () => {
    await using server = await startTestPostgres()
    const database = server.open()
    await database.sql`create table entry (id integer primary key)`
    let runs = 0

    await database.transaction(async (tx) => {
      const [backend] = await tx.sql<{ pid: number }>`select pg_backend_pid() as pid`
      await tx.sql`insert into entry values (1)`
      if (++runs === 1) process.kill(backend!.pid, 'SIGTERM')
      await tx.sql`select 'after'`
    })

    expect(runs).toBe(2)
    expect(await database.sql`select id from entry`).toEqual([{ id: 1 }])
  })

  test('a lost answer to COMMIT is reported as unknown, and the work is not run again', async () => {
    await using server = await startTestPostgres()
    const database = server.open()
    await database.sql`create table entry (id integer primary key)`
    // A deferred trigger runs within COMMIT and waits there for as long as the lock is held.
    await database.pool.query(`
      create function wait_for_lock() returns trigger language plpgsql as
        $$ begin perform pg_advisory_xact_lock(7); return null; end $$;
      create constraint trigger waiting after insert on entry deferrable initially deferred
        for each row execute function wait_for_lock()`)
    const holder = await database.pool.connect()
    await holder.query('select pg_advisory_lock(7)')
    let runs = 0
    const work = database.transaction(async (tx) => {
      runs++
      await tx.sql`insert into entry values (1)`
    })
    const unknown = expect(work).rejects.toMatchObject({ code: 'DATABASE_COMMIT_UNKNOWN' })

    let committing: { pid: number }[] = []
    while (committing.length === 0)
      committing = await database.sql<{
        pid: number
      }>`select pid from pg_stat_activity where query = 'commit' and wait_event = 'advisory'`
    process.kill(committing[0]!.pid, 'SIGTERM')

    await unknown
    expect(runs).toBe(1)
    holder.release(true)
  })
})

describe('a server that is away', () => {
  test('a statement that comes meanwhile waits for it', async () => {
    await using server = await startTestPostgres()
    const database = server.open()
    await database.ping()
    await server.kill()
    // Until then a statement may still be given to the dying connection, and is under way when it ends.
    await until(() => database.pool.totalCount === 0)

    const statements = Array.from({ length: 30 }, () => database.sql`select 1 as n`)
    await server.restart()

    expect(await Promise.all(statements)).toEqual(Array.from({ length: 30 }, () => [{ n: 1 }]))
  })

  test('one that stays away is an error that says how long was waited', async () => {
    await using server = await startTestPostgres()
    const database = server.open({ connectTimeoutMs: 200 })
    await server.kill()

    await expect(database.sql`select 1`).rejects.toMatchObject({
      code: 'DATABASE_UNREACHABLE',
      details: { waitedMs: expect.any(Number), reason: expect.stringMatching(/ECONNREFUSED|ENOENT/) },
    })
    await server.restart()
    expect(await server.open().sql`select 1 as n`).toEqual([{ n: 1 }])
  })
})

describe('what a killed server leaves', () => {
  test('children that hang are ended before the next start', async () => {
    await using server = await startTestPostgres()
    const database = server.open()
    const [backend] = await database.sql<{ pid: number }>`select pg_backend_pid() as pid`
    const child = identify(backend!.pid)!
    process.kill(child.pid, 'SIGSTOP')
    await server.kill()

    await server.restart()

    expect(isRunning(child)).toBe(false)
    expect(await database.sql`select 1 as n`).toEqual([{ n: 1 }])
  })

  test('a pid file that names a stranger does not keep it from starting, and the stranger lives', async () => {
    await using server = await startTestPostgres()
    await server.kill()
    const stranger = spawn('sleep', ['600'], { stdio: 'ignore' })
    onTestFinished(() => void stranger.kill('SIGKILL'))
    const lines = readFileSync(pidFile(server), 'utf8').split('\n')
    writeFileSync(pidFile(server), [stranger.pid, ...lines.slice(1)].join('\n'))

    await server.restart()

    expect(identify(stranger.pid!)).toBeDefined()
    expect(await server.open().sql`select 1 as n`).toEqual([{ n: 1 }])
  })

  test('a server that serves is left alone', async () => {
    await using server = await startTestPostgres()

    await expect(embeddedPostgres.prepare(server.spec, contextOf(server))).rejects.toMatchObject({
      code: 'DATABASE_ALREADY_RUNNING',
      details: { pid: server.pid },
    })
    expect(await server.open().sql`select 1 as n`).toEqual([{ n: 1 }])
  })

  test('data of another version is refused for good', async () => {
    await using server = await startTestPostgres()
    await server.kill()
    const version = join(server.installation.dataDir, 'postgres', 'data', 'PG_VERSION')
    writeFileSync(version, '15\n')

    await expect(embeddedPostgres.prepare(server.spec, contextOf(server))).rejects.toMatchObject({
      code: 'DATABASE_VERSION_MISMATCH',
      permanent: true,
      details: { found: '15', expected: '18' },
    })
    writeFileSync(version, '18\n')
  })

  test('lost secrets are replaced and the data is served', async () => {
    await using server = await startTestPostgres()
    await server.open().sql`create table entry (id integer primary key)`
    await server.kill()
    rmSync(join(server.installation.secretsDir, 'database-app'))

    await server.restart()

    expect((await embeddedPostgres.probe(server.spec, contextOf(server))).ready).toBe(true)
  })
})

describe('the first start', () => {
  const directories: string[] = []
  const freshDirectory = (): string => {
    const directory = mkdtempSync(join(tmpdir(), 'pando-first-'))
    chmodSync(directory, 0o711)
    directories.push(directory)
    return directory
  }
  const startIn = (directory: string): ChildProcess =>
    spawn(process.execPath, [join(import.meta.dirname, 'database-first-start.ts'), directory], {
      stdio: 'inherit',
    })

  // After the servers in them were stopped, which hooks of the test itself do.
  afterAll(() => {
    for (const directory of directories) rmSync(directory, { recursive: true, force: true })
  })

  /** Moments of the setup, each known by a file below the directory that is not yet called `data`. */
  const MOMENTS = ['.', 'PG_VERSION', 'global/pg_control', 'base/4', 'base/5', 'pando-setup'] as const

  test.each(MOMENTS)('killed when %s is there, the next one succeeds', async (moment) => {
    const directory = freshDirectory()
    const home = join(directory, 'postgres')
    const isReached = (): boolean =>
      existsSync(home) &&
      readdirSync(home).some(
        (name) => /^(unfinished-\d+|data)$/.test(name) && existsSync(join(home, name, moment)),
      )
    const first = startIn(directory)
    const ended = once(first, 'exit')
    await until(isReached)
    first.kill('SIGKILL')
    await ended

    const context = { installation: openInstallation(directory), appDir: directory, log: silent }
    startIn(directory)
    let ready = false
    while (!ready) ({ ready } = await embeddedPostgres.probe(SPEC, context))
    onTestFinished(() => stopServerOf(home))

    expect(readdirSync(home).filter((name) => name.startsWith('unfinished'))).toEqual([])
  })

  test('a server whose starter was killed is stopped and started anew', async () => {
    const directory = freshDirectory()
    const home = join(directory, 'postgres')
    const context = { installation: openInstallation(directory), appDir: directory, log: silent }
    const starter = startIn(directory)
    const ended = once(starter, 'exit')
    let ready = false
    while (!ready) ({ ready } = await embeddedPostgres.probe(SPEC, context))
    const orphan = identify(postmasterOf(home))!
    starter.kill('SIGKILL')
    await ended

    const launch = await embeddedPostgres.prepare(SPEC, context)

    expect(isRunning(orphan)).toBe(false)
    expect(launch.args).toContain('-D')
  })
})

const SPEC = {
  name: 'database',
  tier: 'database',
  engine: 'postgres-embedded',
  after: [],
  address: '',
  settings: { databaseName: 'test', maxConnections: 20 },
}
const postmasterOf = (home: string): number =>
  Number(readFileSync(join(home, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0])

async function stopServerOf(home: string): Promise<void> {
  const server = identify(postmasterOf(home))!
  process.kill(server.pid, 'SIGINT')
  await until(() => !isRunning(server))
}
