// The embedded server is killed in every way under load: what was acknowledged stays, and it comes back without a hand.

import { describe, expect, test } from 'vitest'
import { describeError } from '../../src/base/errors.ts'
import { freshSeed, seededRandom } from '../../src/base/random.ts'
import type { OpenDatabase } from '../../src/database/index.ts'
import { startTestPostgres } from '../../src/testing/postgres.ts'
import { until } from '../support/until.ts'
import { holdCommits } from './database/lost-commit.ts'
import { AT_ONCE_MS, WITHIN_MS } from './database/server.ts'

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
      await until('enough is written', WITHIN_MS, () => load.acknowledged.length >= enough, AT_ONCE_MS)
      await server.kill()
      await server.restart()
    }
    const enough = load.acknowledged.length + 100
    await until('enough is written', WITHIN_MS, () => load.acknowledged.length >= enough, AT_ONCE_MS)
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
      await until('enough is written', WITHIN_MS, () => load.acknowledged.length >= enough, AT_ONCE_MS)
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
    const commits = await holdCommits(database)
    let runs = 0
    const work = database.transaction(async (tx) => {
      runs++
      await tx.sql`insert into entry values (1)`
    })
    const unknown = expect(work).rejects.toMatchObject({ code: 'DATABASE_COMMIT_UNKNOWN' })

    await commits.lose()

    await unknown
    expect(runs).toBe(1)
    commits.release()
  })
})

describe('a server that is away', () => {
  test('a statement that comes meanwhile waits for it', async () => {
    await using server = await startTestPostgres()
    const database = server.open()
    await database.ping()
    await server.kill()
    // Until then a statement may still be given to the dying connection, and is under way when it ends.
    await until('its connections end', WITHIN_MS, () => database.pool.totalCount === 0)

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
