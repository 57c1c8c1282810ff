// What a server that was killed leaves, and whom the next start may end for it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { installationId, MARK, markOf } from '../../src/base/mark.ts'
import type { Launch, MemberReadiness } from '../../src/base/member.ts'
import { identify, isRunning } from '../../src/base/process.ts'
import { embeddedPostgres } from '../../src/database/members.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { until } from '../support/until.ts'
import { contextOf, dataOf, postmasterOf, startAs, WITHIN_MS } from './database/server.ts'

const isReady = async (server: TestPostgres): Promise<boolean> =>
  (await embeddedPostgres.probe(server.spec, contextOf(server))).ready

/** Starts the server as the child of a process that never looks after its children, and gives its process id. */
async function startUnreaped(launch: Launch): Promise<number> {
  const script = '"$@" </dev/null >/dev/null 2>&1 & echo $!; exec sleep 600'
  const parent = spawn('/bin/sh', ['-c', script, 'sh', launch.file, ...launch.args], {
    ...launch,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [line] = (await once(parent.stdout, 'data')) as [Buffer]
  return Number(line.toString())
}

describe('what a killed server leaves', () => {
  test('children that hang are ended before the next start, which hardly waits for them', async () => {
    await using server = await startTestPostgres()
    const database = server.open()
    const [backend] = await database.sql<{ pid: number }>`select pg_backend_pid() as pid`
    const child = identify(backend!.pid)!
    process.kill(child.pid, 'SIGSTOP')
    await server.kill()

    const sinceMs = systemClock.monotonic()
    await embeddedPostgres.prepare(server.spec, contextOf(server))
    const preparedMs = systemClock.monotonic() - sinceMs
    await server.restart()

    expect(isRunning(child)).toBe(false)
    expect(preparedMs).toBeLessThan(2_000)
    expect(await database.sql`select 1 as n`).toEqual([{ n: 1 }])
  })

  test('the lock of a killed server whose process nobody reaps does not keep the next one from starting', async () => {
    await using server = await startTestPostgres()
    await server.kill()
    const pid = await startUnreaped(await embeddedPostgres.prepare(server.spec, contextOf(server)))
    await until('the server is ready', WITHIN_MS, () => isReady(server))
    process.kill(pid, 'SIGKILL')
    await until('the process is gone', WITHIN_MS, () => identify(pid) === undefined)
    // The system still knows the number: it is a zombie.
    process.kill(pid, 0)

    await server.restart()

    expect(await server.open().sql`select 1 as n`).toEqual([{ n: 1 }])
  })

  test('files that name a stranger do not keep it from starting, and the stranger lives', async () => {
    await using server = await startTestPostgres()
    await server.kill()
    const socketDir = join(server.installation.dataDir, 'postgres')
    // PostgreSQL takes only processes of its own user for a server.
    const { uid, gid } = statSync(socketDir)
    const stranger = spawn('sleep', ['600'], { uid, gid, stdio: 'ignore' })
    onTestFinished(() => void stranger.kill('SIGKILL'))
    for (const file of [
      join(dataOf(server.installation), 'postmaster.pid'),
      join(socketDir, '.s.PGSQL.5432.lock'),
    ]) {
      const lines = readFileSync(file, 'utf8').split('\n')
      writeFileSync(file, [stranger.pid, ...lines.slice(1)].join('\n'))
    }

    await server.restart()

    expect(identify(stranger.pid!)).toBeDefined()
    expect(await server.open().sql`select 1 as n`).toEqual([{ n: 1 }])
  })

  test('data of another version is refused for good', async () => {
    await using server = await startTestPostgres()
    await server.kill()
    const version = join(dataOf(server.installation), 'PG_VERSION')
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

    expect(await isReady(server)).toBe(true)
  })
})

describe('a server that serves', () => {
  test('with a living parent and without the mark of this installation it is left alone', async () => {
    await using server = await startTestPostgres()

    await expect(embeddedPostgres.prepare(server.spec, contextOf(server))).rejects.toMatchObject({
      code: 'DATABASE_ALREADY_RUNNING',
      details: { pid: server.pid },
    })
    expect(await server.open().sql`select 1 as n`).toEqual([{ n: 1 }])
  })

  test('with the mark of this installation it is stopped, whoever its parent is by now', async () => {
    await using server = await startTestPostgres()
    await server.open().sql`create table entry (id integer primary key)`
    await server.kill()
    const launch = await embeddedPostgres.prepare(server.spec, contextOf(server))
    const mark = markOf(installationId(server.installation), 'database', 'forgotten')
    await using forgotten = startAs(launch, { [MARK]: mark })
    await until('the server is ready', WITHIN_MS, () => isReady(server))

    await embeddedPostgres.prepare(server.spec, contextOf(server))

    expect(identify(forgotten.pid)).toBeUndefined()
    expect(existsSync(join(dataOf(server.installation), 'postmaster.pid'))).toBe(false)
    await server.restart()
    expect(await server.open().sql`select count(*) from entry`).toEqual([{ count: 0 }])
  })

  test('with the mark of another installation and a living parent it is left alone', async () => {
    await using server = await startTestPostgres()
    await server.kill()
    const launch = await embeddedPostgres.prepare(server.spec, contextOf(server))
    await using foreign = startAs(launch, { [MARK]: markOf('0123456789abcdef', 'database', 'first') })
    await until('the server is ready', WITHIN_MS, () => isReady(server))

    await expect(embeddedPostgres.prepare(server.spec, contextOf(server))).rejects.toMatchObject({
      code: 'DATABASE_ALREADY_RUNNING',
    })
    expect(postmasterOf(server.installation)).toBe(foreign.pid)
  })
})

describe('a server that recovers', () => {
  test('answers its probe that it does not serve yet', async () => {
    await using server = await startTestPostgres()
    await server.kill()
    const launch = await embeddedPostgres.prepare(server.spec, contextOf(server))
    const data = dataOf(server.installation)
    // Without hot standby a standby server recovers for ever and lets nobody in.
    appendFileSync(join(data, 'postgresql.auto.conf'), 'hot_standby = off\n')
    writeFileSync(join(data, 'standby.signal'), '')
    await using _recovering = startAs(launch)
    const ask = (): Promise<MemberReadiness> => embeddedPostgres.probe(server.spec, contextOf(server))

    await until('the server answers', WITHIN_MS, async () => (await ask()).answered === true)

    expect(await ask()).toEqual({
      ready: false,
      answered: true,
      detail: expect.stringMatching(/^57P03: the database system is /),
    })
  })

  test('one that does not run does not answer', async () => {
    await using server = await startTestPostgres()
    await server.kill()

    const readiness = await embeddedPostgres.probe(server.spec, contextOf(server))

    expect(readiness).toEqual({ ready: false, answered: false, detail: expect.any(String) })
  })
})
