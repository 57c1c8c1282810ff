// What an application may rely on when it uses `database`, against the embedded server.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runForRequest, type RequestContext } from '../../src/base/context.ts'
import { seededRandom } from '../../src/base/random.ts'
import {
  fragment,
  identifier,
  join,
  type OpenDatabase,
  type QueryObservation,
} from '../../src/database/index.ts'
import { queryChannel } from '../../src/database/observe.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

let server: TestPostgres
let database: OpenDatabase

beforeAll(async () => {
  server = await startTestPostgres()
  database = server.open({ poolMax: 5 })
  await database.sql`create table account (id integer primary key, balance integer not null check (balance >= 0))`
})

afterAll(() => server.stop())

const coded = (code: string): object => ({ code })

/** A request whose visitor leaves when the test says so. */
function visitor(): { context: RequestContext; leave: () => void; watchers: Set<() => void> } {
  const watchers = new Set<() => void>()
  const context: RequestContext = {
    requestId: 'request-1',
    method: 'GET',
    url: '/',
    secure: false,
    address: undefined,
    header: () => undefined,
    appendHeader: () => {},
    onDisconnect(callback) {
      watchers.add(callback)
      return () => watchers.delete(callback)
    },
    onDrain: () => () => {},
    kept: new Map(),
  }
  return { context, watchers, leave: () => watchers.forEach((callback) => callback()) }
}

/** Resolves when a statement with `mark` in its text runs on the server (or, with false, when none does). */
async function untilRunning(mark: string, running: boolean): Promise<void> {
  for (;;) {
    const [found] = await database.sql<{ count: number }>`
      select count(*) from pg_stat_activity
      where state = 'active' and pid <> pg_backend_pid() and position(${mark} in query) > 0`
    if (found!.count > 0 === running) return
  }
}

describe('sql', () => {
  test('a value of every kind comes back as it went in', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z')

    const [row] = await database.sql`
      select ${1}::integer as n, ${"a'b"}::text as t, ${true}::boolean as b, ${null}::text as nothing,
        ${[1, 2]}::integer[] as list, ${{ a: [1] }}::jsonb as json, ${at}::timestamptz as at`

    expect(row).toEqual({ n: 1, t: "a'b", b: true, nothing: null, list: [1, 2], json: { a: [1] }, at })
  })

  test('an int8 is a number while a number holds it exactly, and its text beyond', async () => {
    const [row] = await database.sql`
      select count(*) as n, 9007199254740991::int8 as largest, 9007199254740992::int8 as beyond,
        array[1, 9007199254740993]::int8[] as list from generate_series(1, 3)`

    expect(row).toEqual({
      n: 3,
      largest: 9_007_199_254_740_991,
      beyond: '9007199254740992',
      list: [1, '9007199254740993'],
    })
  })

  test('fragments, names and lists compose into one statement', async () => {
    const where = fragment`where n in (${join([1, 3])})`

    const rows = await database.run(
      fragment`select n as ${identifier('the "n"')} from generate_series(1, 4) n ${where}`,
    )

    expect(rows).toEqual([{ 'the "n"': 1 }, { 'the "n"': 3 }])
  })

  test('a text that comes back is prepared, and goes on after its table changed', async () => {
    await database.sql`create table changing (a integer)`
    await database.sql`insert into changing values (1)`
    const read = (): Promise<object[]> => database.sql`select * from changing`
    for (let use = 0; use < 5; use++) await read()

    await database.sql`alter table changing add column b integer default 2`

    await expect(Promise.all(Array.from({ length: 10 }, read))).resolves.toEqual(
      Array.from({ length: 10 }, () => [{ a: 1, b: 2 }]),
    )
    await expect(database.transaction(async (tx) => tx.sql`select * from changing`)).resolves.toEqual([
      { a: 1, b: 2 },
    ])
  })

  test('an error of PostgreSQL arrives as pg gives it', async () => {
    await database.sql`insert into account values (100, 0)`

    await expect(database.sql`insert into account values (100, 0)`).rejects.toMatchObject({
      code: '23505',
      constraint: 'account_pkey',
    })
  })

  test('a connection stays in use after an error of one statement', async () => {
    await using alone = server.open({ poolMax: 1 })
    const pid = async (): Promise<unknown> => (await alone.sql`select pg_backend_pid() as pid`)[0]
    const before = await pid()

    await expect(alone.sql`select 1 / ${0}::integer`).rejects.toThrow('division by zero')

    expect(await pid()).toEqual(before)
  })

  test('a statement that runs too long is cancelled by the server', async () => {
    await using hasty = server.open({ statementTimeoutMs: 50 })

    await expect(hasty.sql`select pg_sleep(60)`).rejects.toMatchObject({
      code: 'DATABASE_STATEMENT_TIMEOUT',
      details: { timeoutMs: 50 },
      cause: coded('57014'),
    })
    await expect(hasty.sql`select 1 as n`).resolves.toEqual([{ n: 1 }])
  })
})

describe('transaction', () => {
  test('what it wrote is seen by others after it, all or nothing', async () => {
    await database.transaction(async (tx) => {
      await tx.sql`insert into account values (1, 10), (2, 0)`
      expect(await database.sql`select id from account where id in (1, 2)`).toEqual([])
    })
    const failing = database.transaction(async (tx) => {
      await tx.sql`update account set balance = balance + 5 where id = 2`
      await tx.sql`update account set balance = balance - 50 where id = 1`
    })

    await expect(failing).rejects.toMatchObject({ code: '23514' })
    expect(await database.sql`select * from account where id in (1, 2) order by id`).toEqual([
      { id: 1, balance: 10 },
      { id: 2, balance: 0 },
    ])
  })

  test('isolation and read-only are what was asked for', async () => {
    const shown = await database.transaction(
      (tx) =>
        tx.sql`select current_setting('transaction_isolation') as isolation, current_setting('transaction_read_only') as read_only`,
      { isolation: 'serializable', readOnly: true },
    )

    expect(shown).toEqual([{ isolation: 'serializable', read_only: 'on' }])
  })

  test('work that PostgreSQL could not serialize runs again until it can', async () => {
    await database.sql`insert into account values (10, 0)`
    const increment = (): Promise<void> =>
      database.transaction(
        async (tx) => {
          const [row] = await tx.sql<{ balance: number }>`select balance from account where id = 10`
          await tx.sql`update account set balance = ${row!.balance + 1} where id = 10`
        },
        { isolation: 'serializable', attempts: 20 },
      )

    await Promise.all(Array.from({ length: 5 }, increment))

    expect(await database.sql`select balance from account where id = 10`).toEqual([{ balance: 5 }])
  })

  test('of two that deadlock both succeed', async () => {
    await database.sql`insert into account values (20, 0), (21, 0)`
    const met = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const lockBoth = (first: number, second: number, mine: 0 | 1): Promise<void> =>
      database.transaction(async (tx) => {
        await tx.sql`update account set balance = balance + 1 where id = ${first}`
        met[mine].resolve()
        await met[1 - mine]!.promise
        await tx.sql`update account set balance = balance + 1 where id = ${second}`
      })

    await Promise.all([lockBoth(20, 21, 0), lockBoth(21, 20, 1)])

    expect(await database.sql`select balance from account where id in (20, 21)`).toEqual([
      { balance: 2 },
      { balance: 2 },
    ])
  })

  test('no more attempts are made than allowed, and the last error passes', async () => {
    let runs = 0
    const failing = database.transaction(
      async (tx) => {
        runs++
        await tx.sql`do $$ begin raise exception 'again' using errcode = '40001'; end $$`
      },
      { attempts: 3 },
    )

    await expect(failing).rejects.toMatchObject({ code: '40001' })
    expect(runs).toBe(3)
  })

  test('a savepoint that fails undoes its own statements only', async () => {
    await database.transaction(async (tx) => {
      await tx.sql`insert into account values (30, 1)`
      const inner = tx.savepoint(async () => {
        await tx.sql`insert into account values (31, 1)`
        await tx.savepoint(() => tx.sql`insert into account values (32, 1)`)
        await tx.sql`insert into account values (30, 1)`
      })
      await expect(inner).rejects.toMatchObject({ code: '23505' })
      await tx.sql`insert into account values (33, 1)`
    })

    expect(await database.sql`select id from account where id between 30 and 33 order by id`).toEqual([
      { id: 30 },
      { id: 33 },
    ])
  })

  test('an error that the work swallowed is not a success', async () => {
    const swallowing = database.transaction(async (tx) => {
      await tx.sql`insert into account values (40, 1)`
      await tx.sql`insert into account values (40, 1)`.catch(() => {})
    })

    await expect(swallowing).rejects.toMatchObject({
      code: 'DATABASE_TRANSACTION_ABORTED',
      cause: coded('23505'),
    })
    expect(await database.sql`select 1 from account where id = 40`).toEqual([])
  })

  test('nothing runs in it after its end', async () => {
    const kept = await database.transaction(async (tx) => ({ tx, client: tx.client }))

    await expect(kept.tx.sql`select 1`).rejects.toMatchObject(coded('DATABASE_TRANSACTION_CLOSED'))
    await expect(kept.tx.savepoint(async () => {})).rejects.toMatchObject(
      coded('DATABASE_TRANSACTION_CLOSED'),
    )
    await expect(kept.client.query('select 1')).rejects.toMatchObject(coded('DATABASE_TRANSACTION_CLOSED'))
  })

  test('work that commits by itself is told', async () => {
    const escaping = database.transaction((tx) => tx.client.query('commit'))

    await expect(escaping).rejects.toMatchObject(coded('DATABASE_TRANSACTION_ESCAPED'))
  })

  test('a statement that the work did not wait for is part of it', async () => {
    await database.transaction(async (tx) => void tx.sql`insert into account values (50, 1)`)

    expect(await database.sql`select id from account where id = 50`).toEqual([{ id: 50 }])
  })
})

describe('pool', () => {
  test('promises, callbacks and clients work as in pg', async () => {
    const viaCallback = await new Promise((resolve, reject) => {
      database.pool.query('select $1::integer as n', [1], (error, result) =>
        error ? reject(error) : resolve(result.rows),
      )
    })
    const client = await database.pool.connect()
    const viaClient = await client.query<{ n: string }>({ text: 'select $1::int8 as n', values: [2] })
    client.release()

    expect(viaCallback).toEqual([{ n: 1 }])
    expect(viaClient.rows).toEqual([{ n: '2' }])
    expect((await database.pool.query({ text: 'select 3', rowMode: 'array' })).rows).toEqual([[3]])
  })

  test('a client released inside a transaction takes nothing with it', async () => {
    await using alone = server.open({ poolMax: 1 })
    const client = await alone.pool.connect()
    await client.query('begin')
    await client.query('insert into account values (60, 1)')
    client.release()

    expect(await alone.sql`select 1 from account where id = 60`).toEqual([])
    expect(await alone.transaction(async () => 'works')).toBe('works')
  })

  test('who waits too long for a connection is told the limit', async () => {
    await using small = server.open({ poolMax: 1, connectTimeoutMs: 100 })
    const client = await small.pool.connect()

    await expect(small.sql`select 1`).rejects.toMatchObject({
      code: 'DATABASE_POOL_EXHAUSTED',
      message: expect.stringContaining('database.poolMax = 1'),
    })
    client.release()
    await expect(small.sql`select 1 as n`).resolves.toEqual([{ n: 1 }])
  })

  test('no more callers wait than the queue holds', async () => {
    await using small = server.open({ poolMax: 1, poolMaxWaiting: 1 })
    const client = await small.pool.connect()
    const waiting = small.sql`select 1 as n`

    await expect(small.sql`select 2`).rejects.toMatchObject(coded('DATABASE_POOL_EXHAUSTED'))
    client.release()
    await expect(waiting).resolves.toEqual([{ n: 1 }])
  })

  test('a thousand statements on few connections are all answered, each with its own', async () => {
    const random = seededRandom('pool')
    const numbers = Array.from({ length: 1_000 }, () => random.integer(1_000_000))

    const answers = await Promise.all(
      numbers.map(async (n) => (await database.sql<{ n: number }>`select ${n}::integer as n`)[0]!.n),
    )

    expect(answers).toEqual(numbers)
    expect(database.pool.totalCount).toBeLessThanOrEqual(5)
  })

  test('a wrong password is an error at once', async () => {
    const { openDatabase } = await import('../../src/database/index.ts')
    const { systemClock } = await import('../../src/base/clock.ts')
    const { createLogger } = await import('../../src/base/log.ts')
    const connection = { ...server.connection, password: 'wrong' }
    await using stranger = openDatabase(
      { connection },
      { clock: systemClock, log: createLogger({ level: 'error' }) },
    )

    await expect(stranger.ping()).rejects.toMatchObject({
      code: 'DATABASE_ACCESS_DENIED',
      cause: coded('28P01'),
    })
  })

  test('a closed database refuses statements, and may be closed again', async () => {
    const closed = server.open()
    await closed.ping()
    await closed.close()
    await closed.close()

    await expect(closed.sql`select 1`).rejects.toMatchObject(coded('DATABASE_CLOSED'))
    expect(closed.health.state).toBe('stopped')
  })

  test('a statement that was begun before the closing is served, also one that waits for a connection', async () => {
    const closing = server.open({ poolMax: 1 })
    await closing.ping()

    const statements = [closing.sql`select 1 as n`, closing.sql`select 2 as n`, closing.sql`select 3 as n`]
    await closing.close()

    expect(await Promise.all(statements)).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]])
  })

  test('a statement that still waits for a connection when the closing is over is refused', async () => {
    const closing = server.open({ poolMax: 1 })
    const client = await closing.pool.connect()
    const refused = expect(closing.sql`select 1`).rejects.toMatchObject(coded('DATABASE_CLOSED'))

    await closing.close(50)
    client.release()

    await refused
  })

  test('closing does not wait for ever for a connection in use', async () => {
    const closing = server.open()
    const client = await closing.pool.connect()
    const pending = client.query('select pg_sleep(60)')
    const failed = expect(pending).rejects.toMatchObject(coded('DATABASE_CONNECTION_LOST'))

    await closing.close(50)

    await failed
  })
})

describe('a visitor who goes away', () => {
  test('stops the statement under way on the server', async () => {
    const { context, leave, watchers } = visitor()
    const slow = runForRequest(context, () => database.sql`select 'cancel me', pg_sleep(60)`)
    const cancelled = expect(slow).rejects.toMatchObject({
      code: 'DATABASE_CANCELLED',
      details: { requestId: 'request-1' },
    })
    await untilRunning('cancel me', true)

    leave()

    await cancelled
    await untilRunning('cancel me', false)
    expect(watchers.size).toBe(0)
  })

  test('undoes the transaction under way', async () => {
    const { context, leave } = visitor()
    const work = runForRequest(context, () =>
      database.transaction(async (tx) => {
        await tx.sql`insert into account values (70, 1)`
        await tx.sql`select 'undo me', pg_sleep(60)`
      }),
    )
    const cancelled = expect(work).rejects.toMatchObject(coded('DATABASE_CANCELLED'))
    await untilRunning('undo me', true)

    leave()

    await cancelled
    expect(await database.sql`select 1 from account where id = 70`).toEqual([])
  })

  test('stops nothing of anybody else, however the moments fall', async () => {
    await using crowded = server.open({ poolMax: 2 })
    const random = seededRandom('disconnects')
    const bystander = async (): Promise<void> => {
      for (let turn = 0; turn < 150; turn++) await crowded.sql`select ${turn}::integer, 'bystander'`
    }
    const leaver = async (): Promise<void> => {
      for (let turn = 0; turn < 150; turn++) {
        const { context, leave } = visitor()
        const statement = runForRequest(
          context,
          () => crowded.sql`select pg_sleep(${random.next() / 500}::float8)`,
        )
        const outcome = statement.then(
          () => 'answered',
          (error: { code: string }) => error.code,
        )
        await crowded.sql`select pg_sleep(${random.next() / 500}::float8)`
        leave()
        expect(['answered', 'DATABASE_CANCELLED']).toContain(await outcome)
      }
    }

    await expect(Promise.all([bystander(), leaver(), leaver()])).resolves.toBeDefined()
  })

  test('is watched for the statements of that request only, also when they wait in line', async () => {
    await using alone = server.open({ poolMax: 1 })
    const first = visitor()
    const second = visitor()
    const slow = runForRequest(first.context, () => alone.sql`select pg_sleep(0.05)`)
    const waiting = runForRequest(second.context, () => alone.pool.query("select 'in line', pg_sleep(60)"))
    const cancelled = expect(waiting).rejects.toMatchObject(coded('DATABASE_CANCELLED'))
    await slow
    await untilRunning('in line', true)

    first.leave()
    await untilRunning('in line', true)
    second.leave()

    await cancelled
  })
})

describe('observation', () => {
  test('a statement is published with its duration, rows or error', async () => {
    const seen: QueryObservation[] = []
    const subscriber = (observation: unknown): void => void seen.push(observation as QueryObservation)
    queryChannel.asyncEnd.subscribe(subscriber)

    await database.sql`select * from generate_series(1, ${3}::integer)`
    await database.pool.query('select 1 / 0').catch(() => {})
    queryChannel.asyncEnd.unsubscribe(subscriber)

    expect(seen).toMatchObject([
      { text: 'select * from generate_series(1, $1::integer)', rows: 3, durationMs: expect.any(Number) },
      { text: 'select 1 / 0', errorCode: '22012', durationMs: expect.any(Number) },
    ])
  })
})

describe('the role of the application', () => {
  test('it owns its database and may do nothing beside it', async () => {
    const [role] = await database.sql`
      select rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls from pg_roles where rolname = current_user`

    expect(Object.values(role!)).toEqual([false, false, false, false, false])
    await expect(database.sql`create database other`).rejects.toMatchObject({ code: '42501' })
    await expect(database.sql`select pg_read_file('/etc/passwd')`).rejects.toMatchObject({ code: '42501' })
    await expect(database.sql`copy (select 1) to program 'true'`).rejects.toMatchObject({ code: '42501' })
  })

  test('the server listens on its socket alone and writes durably', async () => {
    const [shown] = await database.sql`
      select current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
        current_setting('synchronous_commit') as commit, current_setting('full_page_writes') as pages,
        current_setting('data_checksums') as checksums, current_setting('wal_level') as wal`

    expect(shown).toEqual({
      addresses: '',
      fsync: 'on',
      commit: 'on',
      pages: 'on',
      checksums: 'on',
      wal: 'logical',
    })
  })
})
