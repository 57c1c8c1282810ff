// What is written for `pg` runs on `database.pool` unchanged: Kysely, Drizzle, and plain code.

import { drizzle } from 'drizzle-orm/node-postgres'
import { eq, sql as drizzleSql } from 'drizzle-orm'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { Kysely, PostgresDialect, type Generated } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { OpenDatabase } from '../../src/database/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

let server: TestPostgres
let database: OpenDatabase

beforeAll(async () => {
  server = await startTestPostgres()
  database = server.open({ poolMax: 3 })
  await database.sql`create table book (id integer generated always as identity primary key, title text not null unique)`
})

beforeEach(async () => {
  await database.sql`truncate book restart identity`
})

afterAll(() => server.stop())

interface Tables {
  book: { id: Generated<number>; title: string }
}

const kyselyOn = (pool: OpenDatabase['pool']): Kysely<Tables> =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })

describe('Kysely', () => {
  test('rows are created, read, updated and deleted', async () => {
    const db = kyselyOn(database.pool)

    await db
      .insertInto('book')
      .values([{ title: 'a' }, { title: 'b' }])
      .execute()
    await db.updateTable('book').set({ title: 'c' }).where('title', '=', 'b').execute()
    await db.deleteFrom('book').where('title', '=', 'a').execute()

    expect(await db.selectFrom('book').selectAll().execute()).toEqual([{ id: 2, title: 'c' }])
  })

  test('a transaction that throws leaves nothing', async () => {
    const db = kyselyOn(database.pool)
    const failing = db.transaction().execute(async (trx) => {
      await trx.insertInto('book').values({ title: 'a' }).execute()
      await trx.insertInto('book').values({ title: 'a' }).execute()
    })

    await expect(failing).rejects.toMatchObject({ code: '23505' })
    expect(await db.selectFrom('book').selectAll().execute()).toEqual([])
    expect(database.pool.waitingCount).toBe(0)
  })

  test('a transaction commits with the isolation it asks for', async () => {
    const db = kyselyOn(database.pool)
    await db
      .transaction()
      .setIsolationLevel('serializable')
      .execute(async (trx) => trx.insertInto('book').values({ title: 'a' }).execute())

    expect(await database.sql`select title from book`).toEqual([{ title: 'a' }])
  })

  test('it works inside a transaction of Pando on its client', async () => {
    await database.transaction(async (tx) => {
      const inside = new Kysely<Tables>({
        dialect: new PostgresDialect({
          pool: { options: {}, connect: async () => tx.client, end: async () => {} },
        }),
      })
      await inside.insertInto('book').values({ title: 'a' }).execute()
      expect(await database.sql`select 1 from book`).toEqual([])
      await tx.sql`insert into book (title) values ('b')`
    })

    expect(await database.sql`select title from book order by title`).toEqual([
      { title: 'a' },
      { title: 'b' },
    ])
  })

  test('destroying it ends the pool it was given', async () => {
    const own = server.open()
    const db = kyselyOn(own.pool)
    await db.selectFrom('book').selectAll().execute()

    await db.destroy()

    await expect(own.sql`select 1`).rejects.toMatchObject({ code: 'DATABASE_CLOSED' })
  })
})

const book = pgTable('book', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  title: text().notNull(),
})

describe('Drizzle', () => {
  const open = (): ReturnType<typeof drizzle> => drizzle({ client: database.pool })

  test('rows are created, read, changed and removed', async () => {
    const db = open()

    const inserted = await db
      .insert(book)
      .values([{ title: 'a' }, { title: 'b' }])
      .returning()
    await db.update(book).set({ title: 'c' }).where(eq(book.title, 'b'))
    await db.delete(book).where(eq(book.id, inserted[0]!.id))

    expect(await db.select().from(book)).toEqual([{ id: 2, title: 'c' }])
  })

  test('a transaction runs on one connection and is undone when it throws', async () => {
    const failing = open().transaction(async (tx) => {
      await tx.insert(book).values({ title: 'a' })
      await tx.transaction(async (inner) => inner.insert(book).values({ title: 'b' }))
      throw new Error('changed my mind')
    })

    await expect(failing).rejects.toThrow('changed my mind')
    expect(await database.sql`select 1 from book`).toEqual([])
  })

  test('its transaction commits', async () => {
    await open().transaction(async (tx) => {
      await tx.insert(book).values({ title: 'a' })
      const backends = await tx.execute(drizzleSql`select pg_backend_pid() as pid`)
      expect(backends.rows).toEqual((await tx.execute(drizzleSql`select pg_backend_pid() as pid`)).rows)
    })

    expect(await database.sql`select title from book`).toEqual([{ title: 'a' }])
  })

  test('a prepared statement runs again and again', async () => {
    const db = open()
    const byTitle = db
      .select()
      .from(book)
      .where(eq(book.title, drizzleSql.placeholder('title')))
      .prepare('by_title')
    await db.insert(book).values([{ title: 'a' }, { title: 'b' }])

    const found = await Promise.all(['a', 'b', 'c', 'a', 'b', 'c'].map((title) => byTitle.execute({ title })))

    expect(found.map((rows) => rows.length)).toEqual([1, 1, 0, 1, 1, 0])
  })

  test('an error inside its own wrapping makes a transaction of Pando run again', async () => {
    let runs = 0
    await database.transaction(async (tx) => {
      runs++
      const db = drizzle({ client: tx.client })
      await db.insert(book).values({ title: `run ${runs}` })
      await db.execute(
        drizzleSql.raw(
          `do $$ begin if ${runs} = 1 then raise exception 'again' using errcode = '40001'; end if; end $$`,
        ),
      )
    })

    expect(await database.sql`select title from book`).toEqual([{ title: 'run 2' }])
  })
})

describe('plain pg', () => {
  test('a transaction by hand on a client', async () => {
    const client = await database.pool.connect()
    try {
      await client.query('BEGIN')
      await client.query('insert into book (title) values ($1)', ['a'])
      await client.query('COMMIT')
    } finally {
      client.release()
    }

    expect((await database.pool.query('select title from book')).rows).toEqual([{ title: 'a' }])
  })

  test('notifications arrive on a client that listens', async () => {
    const client = await database.pool.connect()
    const arrived = new Promise((resolve) => client.once('notification', resolve))
    await client.query('listen news')

    await database.pool.query("notify news, 'hello'")

    expect(await arrived).toMatchObject({ channel: 'news', payload: 'hello' })
    client.release(true)
  })

  test('a mistake in the call leaves the pool working', async () => {
    await expect(database.pool.query('select $1::text', 'not an array' as never)).rejects.toThrow(
      'must be an array',
    )
    await expect(database.pool.query(null as never)).rejects.toThrow(TypeError)

    expect((await database.pool.query('select 1 as n')).rows).toEqual([{ n: 1 }])
  })
})
