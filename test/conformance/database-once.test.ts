// `database.once` against the embedded server: applied at most once for a key, answered as the first time, whoever
// repeats it, when, and whatever dies meanwhile.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemClock, type Clock } from '../../src/base/clock.ts'
import { runForRequest, type RequestContext } from '../../src/base/context.ts'
import { createLogger } from '../../src/base/log.ts'
import { openDatabase, type OpenDatabase, type Transaction } from '../../src/database/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

let server: TestPostgres
/** Two web processes. */
let one: OpenDatabase
let other: OpenDatabase

beforeAll(async () => {
  server = await startTestPostgres()
  one = server.open({ poolMax: 5, connectTimeoutMs: 30_000 })
  other = server.open({ poolMax: 5, connectTimeoutMs: 30_000 })
  await one.sql`create table entry (id integer generated always as identity primary key, text text not null)`
})

beforeEach(async () => {
  await one.sql`truncate entry restart identity`
})

afterAll(() => server.stop())

interface Sent {
  readonly requestId?: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
}

let requests = 0

/** Runs `work` for a request. Without `requestId` it is one that nobody repeats. */
function asRequest<T>(sent: Sent, work: () => Promise<T>): Promise<T> {
  const context: RequestContext = {
    requestId: sent.requestId ?? `request-${++requests}`,
    method: 'POST',
    url: sent.url ?? '/entries',
    secure: false,
    address: undefined,
    header: (name) => sent.headers?.[name],
    appendHeader: () => {},
    onDisconnect: () => () => {},
    onDrain: () => () => {},
    kept: new Map(),
  }
  return runForRequest(context, work)
}

const insert =
  (text: string) =>
  async (tx: Transaction): Promise<{ id: number }> => {
    const [row] = await tx.sql<{ id: number }>`insert into entry (text) values (${text}) returning id`
    return row!
  }
const entries = async (): Promise<string[]> =>
  (await one.sql<{ text: string }>`select text from entry order by id`).map(({ text }) => text)
const coded = (code: string): object => ({ code })

/** A work that has inserted its row and waits until the test lets it go. */
function pausing(text: string): {
  work: (tx: Transaction) => Promise<{ id: number }>
  inserted: Promise<number>
  goOn: (error?: Error) => void
} {
  const inserted = Promise.withResolvers<number>()
  const gate = Promise.withResolvers<void>()
  return {
    inserted: inserted.promise,
    goOn: (error) => (error === undefined ? gate.resolve() : gate.reject(error)),
    async work(tx) {
      const row = await insert(text)(tx)
      const [backend] = await tx.sql<{ pid: number }>`select pg_backend_pid() as pid`
      inserted.resolve(backend!.pid)
      await gate.promise
      return row
    },
  }
}

/** Resolves when a statement with `mark` in its text waits for a lock. */
async function untilWaiting(mark = 'insert into pando.once', database = one): Promise<void> {
  for (;;) {
    const [found] = await database.sql<{ count: number }>`
      select count(*) from pg_stat_activity where wait_event_type = 'Lock' and position(${mark} in query) > 0`
    if (found!.count > 0) return
  }
}

describe('a repetition', () => {
  test('of a request gives the result of the first time, from any process, and applies nothing', async () => {
    const attempt = (database: OpenDatabase): Promise<unknown> =>
      asRequest({ requestId: 'repeated' }, () => database.once(insert('a')))

    expect(await attempt(one)).toEqual({ id: 1 })
    expect(await attempt(other)).toEqual({ id: 1 })
    expect(await entries()).toEqual(['a'])
  })

  test('with the same Idempotency-Key does so too, in quotes or without', async () => {
    const attempt = (key: string): Promise<unknown> =>
      asRequest({ headers: { 'idempotency-key': key } }, () => one.once(insert('a')))

    expect(await attempt('"key-1"')).toEqual({ id: 1 })
    expect(await attempt('key-1')).toEqual({ id: 1 })
    expect(await entries()).toEqual(['a'])
  })

  test('gets what JSON makes of the result, as the first time did', async () => {
    const attempt = (): Promise<unknown> =>
      one.once(async () => ({ at: new Date(0), text: 'a\0\uD800', none: undefined }), { key: 'json' })

    const first = await attempt()

    expect(first).toStrictEqual({ at: '1970-01-01T00:00:00.000Z', text: 'a\0\uD800' })
    expect(await attempt()).toStrictEqual(first)
  })

  test('of a work that gives nothing gets nothing', async () => {
    const attempt = (): Promise<void> =>
      one.once(
        async (tx) => {
          await insert('a')(tx)
        },
        { key: 'nothing' },
      )

    expect([await attempt(), await attempt()]).toEqual([undefined, undefined])
    expect(await entries()).toEqual(['a'])
  })

  test('that comes while the first is under way waits for it', async () => {
    const first = pausing('first')
    const firstDone = one.once(first.work, { key: 'concurrent' })
    await first.inserted
    const second = other.once(insert('second'), { key: 'concurrent' })
    await untilWaiting()

    first.goOn()

    expect(await second).toEqual(await firstDone)
    expect(await entries()).toEqual(['first'])
  })

  test('is served at every isolation', async () => {
    const first = pausing('first')
    const firstDone = one.once(first.work, { key: 'serializable', isolation: 'serializable' })
    await first.inserted
    const second = other.once(insert('second'), { key: 'serializable', isolation: 'serializable' })
    await untilWaiting()

    first.goOn()

    expect(await second).toEqual(await firstDone)
    expect(await entries()).toEqual(['first'])
  })

  test('runs the work when the first has rolled back', async () => {
    const first = pausing('first')
    const failed = expect(one.once(first.work, { key: 'rolled-back' })).rejects.toThrow('no')
    await first.inserted
    const second = other.once(insert('second'), { key: 'rolled-back' })
    await untilWaiting()

    first.goOn(new Error('no'))

    await failed
    expect(await second).toEqual({ id: 2 })
    expect(await entries()).toEqual(['second'])
  })

  test('waits no longer than a statement may run', async () => {
    await using hasty = server.open({ statementTimeoutMs: 100 })
    const first = pausing('first')
    const firstDone = one.once(first.work, { key: 'slow' })
    await first.inserted

    await expect(hasty.once(insert('second'), { key: 'slow' })).rejects.toMatchObject(
      coded('DATABASE_STATEMENT_TIMEOUT'),
    )
    first.goOn()
    await firstDone
    expect(await entries()).toEqual(['first'])
  })

  test('with other content is refused', async () => {
    const attempt = (text: string): Promise<unknown> =>
      asRequest({ headers: { 'idempotency-key': 'reused' } }, () =>
        one.once(insert(text), { content: { text } }),
      )
    await attempt('a')

    await expect(attempt('b')).rejects.toMatchObject(coded('DATABASE_ONCE_MISMATCH'))
    expect(await entries()).toEqual(['a'])
  })

  test('by another visitor is no repetition', async () => {
    const attempt = (authorization: string): Promise<unknown> =>
      asRequest({ requestId: 'guessed', headers: { authorization, 'idempotency-key': 'guessed' } }, () =>
        one.once(insert(authorization)),
      )

    expect([await attempt('Token a'), await attempt('Token b')]).toEqual([{ id: 1 }, { id: 2 }])
    expect(await entries()).toEqual(['Token a', 'Token b'])
  })

  test('is known for 24 hours, and removed after them', async () => {
    let laterMs = 0
    const timers: { everyMs: number; callback: () => void }[] = []
    const clock: Clock = {
      ...systemClock,
      now: () => systemClock.now() + laterMs,
      every(everyMs, callback) {
        timers.push({ everyMs, callback })
        return systemClock.every(everyMs, callback)
      },
    }
    await using database = openDatabase(
      { connection: server.connection },
      { clock, log: createLogger({ level: 'error' }) },
    )
    const attempt = (): Promise<unknown> => database.once(insert('a'), { key: 'expiring' })
    await attempt()

    laterMs = 24 * 3_600_000 - 10_000
    expect(await attempt()).toEqual({ id: 1 })
    laterMs = 24 * 3_600_000
    expect(await attempt()).toEqual({ id: 2 })
    laterMs = 72 * 3_600_000
    timers.find(({ everyMs }) => everyMs === 60_000)!.callback()
    await database.close()

    expect(await one.sql`select 1 from pando.once`).toEqual([])
  })
})

describe('nothing is kept', () => {
  test('of a work that throws, and the next attempt of the same request may succeed', async () => {
    const attempts = asRequest({}, async () => {
      await expect(
        one.once(async (tx) => {
          await insert('a')(tx)
          throw new Error('no')
        }),
      ).rejects.toThrow('no')
      return one.once(insert('b'))
    })

    expect(await attempts).toEqual({ id: 2 })
    expect(await entries()).toEqual(['b'])
  })

  test.each([
    ['larger than 128 KiB', () => 'x'.repeat(128 * 1024)],
    ['no JSON', () => 1n as never],
  ])('of a result that is %s, and nothing is applied', async (_, result) => {
    const attempt = one.once(
      async (tx) => {
        await insert('a')(tx)
        return result()
      },
      { key: 'unkeepable' },
    )

    await expect(attempt).rejects.toMatchObject(coded('DATABASE_ONCE_RESULT_INVALID'))
    expect(await entries()).toEqual([])
  })
})

describe('a call', () => {
  test('without a request needs a key', async () => {
    await expect(one.once(insert('a'))).rejects.toMatchObject(coded('DATABASE_ONCE_KEY_MISSING'))
  })

  test('after another in its request needs a key, for the first has the one of the request', async () => {
    await asRequest({}, async () => {
      await one.once(insert('a'))

      await expect(one.once(insert('b'))).rejects.toMatchObject(coded('DATABASE_ONCE_KEY_MISSING'))
      await one.once(insert('c'), { key: 'part-2' })
    })

    expect(await entries()).toEqual(['a', 'c'])
  })

  test('of many processes at once on a new database makes the table once', async () => {
    await using fresh = await startTestPostgres()
    const processes = Array.from({ length: 6 }, () => fresh.open())
    await Promise.all(processes.map((database) => database.ping()))

    const results = await Promise.all(
      processes.map((database, index) => database.once(async () => index, { key: String(index) })),
    )

    expect(results).toEqual([0, 1, 2, 3, 4, 5])
  })

  test('goes on when the visitor whose request made the table has left', async () => {
    await using fresh = await startTestPostgres()
    const database = fresh.open()
    const administrator = fresh.open()
    const holder = await administrator.pool.connect()
    await holder.query('select pg_advisory_lock(4017306174925217733)')
    const leaving = new Set<() => void>()
    const context = {
      requestId: 'leaves',
      method: 'POST',
      url: '/',
      secure: false,
      address: undefined,
      header: () => undefined,
      appendHeader: () => {},
      onDisconnect: (callback: () => void) => {
        leaving.add(callback)
        return () => leaving.delete(callback)
      },
      onDrain: () => () => {},
      kept: new Map<symbol, unknown>(),
    }
    const first = runForRequest(context, () => database.once(async () => 1))
    const second = database.once(async () => 2, { key: 'second' })
    await untilWaiting('pg_advisory_xact_lock', administrator)

    for (const leave of leaving) leave()
    holder.release(true)

    expect(await Promise.all([first, second])).toEqual([1, 2])
  })

  test('on a table of a newer version is refused', async () => {
    await one.once(async () => 1, { key: 'makes-the-table' })
    await one.sql`update pando.version set version = 2 where tier = 'once'`

    await expect(server.open().once(async () => 1, { key: 'newer' })).rejects.toMatchObject(
      coded('DATABASE_SCHEMA_NEWER'),
    )

    await one.sql`update pando.version set version = 1 where tier = 'once'`
  })
})

describe('a process that dies', () => {
  test('in the middle of the transaction leaves it to the repetition', async () => {
    const dying = server.open()
    const first = pausing('first')
    const lost = dying.once(first.work, { key: 'killed', attempts: 1 }).catch(() => 'lost')
    await first.inserted
    const second = other.once(insert('second'), { key: 'killed' })
    await untilWaiting()

    await dying.close(0)

    expect(await second).toEqual({ id: 2 })
    expect(await entries()).toEqual(['second'])
    first.goOn()
    await lost
  })

  test('between the commit and its answer has applied it, and the repetition tells how', async () => {
    const dying = server.open()
    await asRequest({ requestId: 'unanswered' }, () => dying.once(insert('a')))
    await dying.close(0)

    const answer = await asRequest({ requestId: 'unanswered' }, () => other.once(insert('a')))

    expect(answer).toEqual({ id: 1 })
    expect(await entries()).toEqual(['a'])
  })

  test('hanging holds the key for five seconds and no longer, and finds the result when it goes on', async () => {
    const first = pausing('first')
    const firstDone = one.once(first.work, { key: 'hung' })
    await first.inserted
    const startedAtMs = systemClock.monotonic()

    const second = await other.once(insert('second'), { key: 'hung' })
    const waitedMs = systemClock.monotonic() - startedAtMs
    first.goOn()

    expect(waitedMs).toBeGreaterThan(4_000)
    expect(waitedMs).toBeLessThan(15_000)
    expect(await firstDone).toEqual(second)
    expect(await entries()).toEqual(['second'])
  })
})
