// What docs/how-to/stateless.md advises does hold between servers: its statements, run by two of them at once.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { OpenDatabase } from '../../src/database/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

let server: TestPostgres
/** Two web servers. */
let one: OpenDatabase
let other: OpenDatabase

beforeAll(async () => {
  server = await startTestPostgres()
  one = server.open({ poolMax: 5, connectTimeoutMs: 30_000 })
  other = server.open({ poolMax: 5, connectTimeoutMs: 30_000 })
  await one.sql`create table schedule (name text primary key, due_at timestamptz not null)`
  await one.sql`create table message (id bigint generated always as identity, xid xid8 default pg_current_xact_id(), body text)`
  await one.sql`create table attempt (who text, since timestamptz, count int not null, primary key (who, since))`
})

afterAll(() => server.stop())

describe('work by the clock', () => {
  /** How often the work was done: 0 or 1. */
  const ask = (database: OpenDatabase, work: () => void): Promise<number> =>
    database.transaction(async (tx) => {
      const due = await tx.sql`
        update schedule set due_at = now() + interval '1 day'
        where name = 'daily-mail' and due_at <= now() returning name`
      for (const _ of due) work()
      return due.length
    })

  test('that is due is done once, however many servers ask at once', async () => {
    await one.sql`insert into schedule values ('daily-mail', now()) on conflict (name) do update set due_at = now()`

    const done = await Promise.all([one, other, one, other, one].map((database) => ask(database, () => {})))

    expect(done.reduce((sum, count) => sum + count)).toBe(1)
    expect(await ask(one, () => {})).toBe(0)
  })

  test('that failed is due again', async () => {
    await one.sql`insert into schedule values ('daily-mail', now()) on conflict (name) do update set due_at = now()`
    const fails = (): void => {
      throw new Error('no connection to the mail server')
    }

    await expect(ask(one, fails)).rejects.toThrow('mail server')

    expect(await ask(other, () => {})).toBe(1)
  })
})

describe('a message', () => {
  /** What was written since the last call, in order. */
  function reader(database: OpenDatabase): () => Promise<readonly string[]> {
    let since: string | undefined
    return async () => {
      const [news] = await database.sql<{ upto: string; bodies: string[] | null }>`
        with horizon as (select pg_snapshot_xmin(pg_current_snapshot()) as upto)
        select upto::text, (select array_agg(body order by xid, id) from message
          where xid >= coalesce(${since ?? null}::text::xid8, upto) and xid < upto) as bodies
        from horizon`
      since = news!.upto
      return news!.bodies ?? []
    }
  }

  test('reaches every server once, in whatever order the transactions commit', async () => {
    const [readOne, readOther] = [reader(one), reader(other)]
    await Promise.all([readOne(), readOther()])
    const early = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()

    const slow = one.transaction(async (tx) => {
      await tx.sql`insert into message (body) values ('begun first')`
      written.resolve()
      await early.promise
    })
    await written.promise
    await other.sql`insert into message (body) values ('committed first')`
    const meanwhile = await readOne()
    early.resolve()
    await slow

    expect([...meanwhile, ...(await readOne())]).toEqual(['begun first', 'committed first'])
    expect(await readOther()).toEqual(['begun first', 'committed first'])
    expect(await readOther()).toEqual([])
  })
})

test('attempts at two servers are counted together', async () => {
  const count = async (database: OpenDatabase): Promise<number> => {
    const [row] = await database.sql<{ count: number }>`
      insert into attempt values ('ann', date_bin('36500 days', now(), 'epoch'), 1)
      on conflict (who, since) do update set count = attempt.count + 1 returning count`
    return row!.count
  }

  const counts = await Promise.all([one, other, one, other].map(count))

  expect(new Set(counts)).toEqual(new Set([1, 2, 3, 4]))
})
