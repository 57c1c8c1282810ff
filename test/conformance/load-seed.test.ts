// The seeder of Conduit on a real database: exact sizes, the same content for the same seed, and nothing twice or left
// out after interruptions.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lockSeeding } from '../../examples/conduit/seed/progress.ts'
import { seedConduit } from '../../examples/conduit/seed/seed.ts'
import { SIZES } from '../../examples/conduit/seed/sizes.ts'
import type { OpenDatabase } from '../../src/database/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

const MIGRATIONS = join(import.meta.dirname, '../../examples/conduit/migrations')
const servers: TestPostgres[] = []

async function emptyConduit(): Promise<OpenDatabase> {
  const server = await startTestPostgres()
  servers.push(server)
  const database = server.open()
  for (const file of readdirSync(MIGRATIONS).toSorted())
    await database.pool.query(readFileSync(join(MIGRATIONS, file), 'utf8'))
  return database
}

const seedS = (
  { pool }: OpenDatabase,
  onBatch: (kind: string) => void = () => {},
  seed = '1',
): Promise<boolean> =>
  seedConduit({
    pool,
    sizeName: 'S',
    seed,
    hashPassword: () => Promise.resolve('hash'),
    progress: (kind, _, total) => total > 1 && onBatch(kind),
  })

/** A digest of every table, without what depends on the order of insertion alone. */
async function digests({ pool }: OpenDatabase): Promise<unknown[]> {
  const { rows } = await pool.query(`
    select 'users', md5(string_agg(row::text, '|' order by id)) from users row union all
    select 'articles', md5(string_agg(row::text, '|' order by id)) from articles row union all
    select 'comments', md5(string_agg(row::text, '|' order by id)) from comments row union all
    select 'favorites', md5(string_agg(row::text, '|' order by row::text)) from favorites row union all
    select 'follows', md5(string_agg(row::text, '|' order by row::text)) from follows row union all
    select 'tags', md5(string_agg(name || articles_count, '|' order by name)) from tags`)
  return rows
}

let whole: OpenDatabase

beforeAll(async () => {
  whole = await emptyConduit()
  await seedS(whole)
})

afterAll(async () => {
  for (const server of servers) await server.stop()
})

describe('a seeded database', () => {
  test('has exactly the rows of its size', async () => {
    const { rows } = await whole.pool.query(`select
      (select count(*)::int from users) users, (select count(*)::int from articles) articles,
      (select count(*)::int from comments) comments, (select count(*)::int from favorites) favorites,
      (select count(*)::int from follows) follows, (select count(*)::int from tags) tags`)

    expect(rows[0]).toEqual(SIZES.S)
  })

  test('has counters that agree with the rows they count', async () => {
    const { rows } = await whole.pool.query(`
      select 'article' as wrong from articles a
        where favorites_count <> (select count(*) from favorites f where f.article_id = a.id)
      union all select 'user' from users u
        where articles_count <> (select count(*) from articles a where a.author_id = u.id)
      union all select 'totals' from (select sum(articles_count) n from totals) t where n <> (select count(*) from articles)`)

    expect(rows).toEqual([])
  })

  test('goes on numbering after the seeded rows', async () => {
    const { rows } = await whole.pool.query("select nextval('articles_id_seq')::int as id")

    expect(rows[0]).toEqual({ id: SIZES.S.articles + 1 })
  })

  test('is left alone by a second seeding', async () => {
    const before = await digests(whole)

    expect(await seedS(whole)).toBe(false)
    expect(await digests(whole)).toEqual(before)
  })

  test('refuses another seed', async () => {
    await expect(seedS(whole, () => {}, '2')).rejects.toThrow('--size S --seed 1')
  })
})

test('a seeding interrupted after every batch has the content of an uninterrupted one', async () => {
  const database = await emptyConduit()
  const interrupt = (): void => {
    throw new Error('interrupted')
  }

  for (const _ of ['users', 'articles', 'comments', 'favorites', 'follows'])
    await expect(seedS(database, interrupt)).rejects.toThrow('interrupted')
  await seedS(database)

  expect(await digests(database)).toEqual(await digests(whole))
})

test('a seeding while another is under way is refused', async () => {
  const database = await emptyConduit()
  const other = await database.pool.connect()
  await lockSeeding(other)

  await expect(seedS(database)).rejects.toMatchObject({
    name: 'SeedRefused',
    message: expect.stringContaining('Another process'),
  })

  other.release(true)
})
