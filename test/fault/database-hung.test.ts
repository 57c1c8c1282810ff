// A server that hangs: its processes are suspended, so connections stay open and nothing is answered. Every wait ends.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { identify, signalProcess } from '../../src/base/process.ts'
import type { OpenDatabase } from '../../src/database/index.ts'
import { ANSWER_MARGIN_MS } from '../../src/database/drivers/answer-limit.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { childrenOf } from './database/server.ts'

const STATEMENT_TIMEOUT_MS = 300

/** Suspends processes until the end of the block: a suspended one could not be ended politely. */
function suspend(...pids: readonly number[]): Disposable & { resume(): void } {
  const identities = pids.map((pid) => identify(pid)!)
  const resume = (): void => {
    for (const identity of identities) signalProcess(identity, 'SIGCONT')
  }
  for (const identity of identities) signalProcess(identity, 'SIGSTOP')
  return { resume, [Symbol.dispose]: resume }
}

const NO_ANSWER = expect.stringMatching(/^the server gave no answer for \d+ ms$/)

describe('a server that hangs', () => {
  let server: TestPostgres
  beforeAll(async () => {
    server = await startTestPostgres()
    await server.open().sql`create table entry (id integer primary key)`
  })
  afterAll(() => server.stop())
  const open = (): OpenDatabase => server.open({ statementTimeoutMs: STATEMENT_TIMEOUT_MS })

  test.concurrent('one backend: a statement on it is a lost connection, and the next one is served', async ({
    expect,
  }) => {
    const database = open()
    const client = await database.pool.connect()
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
    client.release()
    using _hung = suspend(rows[0]!.pid)

    const sinceMs = systemClock.monotonic()
    await expect(database.pool.query('select 1')).rejects.toMatchObject({
      code: 'DATABASE_CONNECTION_LOST',
      details: { reason: NO_ANSWER },
    })
    const waitedMs = systemClock.monotonic() - sinceMs

    expect(waitedMs).toBeGreaterThan(STATEMENT_TIMEOUT_MS + ANSWER_MARGIN_MS)
    expect(await database.sql`select 1 as n`).toEqual([{ n: 1 }])
  })

  test.concurrent('one backend: a transaction runs again on another connection', async ({ expect }) => {
    const database = open()
    using hung = new DisposableStack()
    let runs = 0

    await database.transaction(async (tx) => {
      const [backend] = await tx.sql<{ pid: number }>`select pg_backend_pid() as pid`
      if (++runs === 1) hung.use(suspend(backend!.pid))
      await tx.sql`insert into entry values (1)`
    })

    expect(runs).toBe(2)
    expect(await database.sql`select id from entry where id = 1`).toEqual([{ id: 1 }])
  })

  test.concurrent('one backend: a COMMIT that gets no answer is reported as unknown', async ({ expect }) => {
    using hung = new DisposableStack()
    const database = open()

    const work = database.transaction(async (tx) => {
      const [backend] = await tx.sql<{ pid: number }>`select pg_backend_pid() as pid`
      await tx.sql`insert into entry values (2)`
      hung.use(suspend(backend!.pid))
    })

    await expect(work).rejects.toMatchObject({
      code: 'DATABASE_COMMIT_UNKNOWN',
      details: { reason: NO_ANSWER },
    })
  })

  test.concurrent('none: a statement that was given longer in its transaction is waited for', async ({
    expect,
  }) => {
    const database = open()
    const seconds = (STATEMENT_TIMEOUT_MS + ANSWER_MARGIN_MS) / 1000 + 3

    const slept = await database.transaction(async (tx) => {
      await tx.sql`set local statement_timeout = '1min'`
      return tx.sql`select 'rested' as state from pg_sleep(${seconds})`
    })

    expect(slept).toEqual([{ state: 'rested' }])
    await expect(database.sql`select pg_sleep(10)`).rejects.toMatchObject({
      code: 'DATABASE_STATEMENT_TIMEOUT',
    })
  })

  test.concurrent('a whole server: statements fail within their limits, close returns, and afterwards it is used as before', async ({
    expect,
  }) => {
    await using server = await startTestPostgres()
    const limits = { statementTimeoutMs: STATEMENT_TIMEOUT_MS, connectTimeoutMs: 500 }
    const database = server.open(limits)
    const waiting = server.open({ ...limits, statementTimeoutMs: 60_000 })
    await Promise.all([database.ping(), waiting.ping()])
    using hung = suspend(server.pid, ...childrenOf(server.pid))

    const underWay = expect(database.sql`select 1`).rejects.toMatchObject({
      code: 'DATABASE_CONNECTION_LOST',
    })
    const closed = expect(waiting.sql`select 1`).rejects.toMatchObject({ code: 'DATABASE_CONNECTION_LOST' })
    const sinceMs = systemClock.monotonic()
    await waiting.close(200)
    const closedMs = systemClock.monotonic() - sinceMs
    await Promise.all([underWay, closed])
    await expect(database.sql`select 1`).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' })
    hung.resume()

    expect(closedMs).toBeLessThan(2_000)
    expect(await database.sql`select 1 as n`).toEqual([{ n: 1 }])
  })
})
