// Migrations against a real database: what is applied, what is refused, and that nothing is half-applied.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createLogger } from '../../src/base/log.ts'
import { migrate, type MigrateResult, type OpenDatabase } from '../../src/database/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

let server: TestPostgres
let database: OpenDatabase
let directory: string

beforeAll(async () => {
  server = await startTestPostgres()
  database = server.open()
})

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'pando-migrations-'))
  await database.pool.query(
    'drop schema if exists pando cascade; drop schema public cascade; create schema public',
  )
})

afterEach(() => rmSync(directory, { recursive: true }))
afterAll(() => server.stop())

const log = createLogger({ level: 'error' })
const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content)
}
const run = (): Promise<MigrateResult> => migrate(server.connection, directory, { log })
const tables = async (): Promise<unknown[]> =>
  (
    await database.sql<{
      name: string
    }>`select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`
  ).map(({ name }) => name)

describe('applying migrations', () => {
  test('each file is applied once, in order, and recorded', async () => {
    write({
      '0001_people.sql': 'create table person (id integer primary key);',
      '0002_names.sql':
        "alter table person add column name text;\n-- a; comment\ninsert into person values (1, 'a;b');",
    })

    expect(await run()).toEqual({ applied: ['0001_people.sql', '0002_names.sql'] })
    expect(await run()).toEqual({ applied: [] })
    expect(
      await database.sql`select number, name, length(checksum) as hex, duration_ms >= 0 as timed from pando.migration order by 1`,
    ).toEqual([
      { number: 1, name: 'people', hex: 64, timed: true },
      { number: 2, name: 'names', hex: 64, timed: true },
    ])
    expect(await database.sql`select * from person`).toEqual([{ id: 1, name: 'a;b' }])
  })

  test('a file added later is applied by itself', async () => {
    write({ '0001_a.sql': 'create table a ()' })
    await run()
    write({ '0002_b.sql': 'create table b ()' })

    expect(await run()).toEqual({ applied: ['0002_b.sql'] })
  })

  test('processes that start at once apply each file once', async () => {
    write({
      '0001_a.sql': 'create table a (n integer)',
      '0002_index.sql': '-- pando: no transaction\ncreate index concurrently a_n on a (n)',
      '0003_row.sql': 'insert into a values (1)',
    })

    const results = await Promise.all(Array.from({ length: 6 }, run))

    expect(results.flatMap(({ applied }) => applied)).toEqual([
      '0001_a.sql',
      '0002_index.sql',
      '0003_row.sql',
    ])
    expect(await database.sql`select n from a`).toEqual([{ n: 1 }])
  })

  test('functions with bodies of both kinds are applied', async () => {
    write({
      '0001_functions.sql': `
        create function one() returns int language plpgsql as $$ begin return 1; end; $$;
        create function two() returns int language sql as $body$ select 2; $body$;`,
      '0002_standard.sql': `create function three() returns int begin atomic select 1; select 3; end;
        create function four() returns int begin atomic select case when true then 4 end; end;`,
    })

    await run()

    expect(await database.sql`select one(), two(), three(), four()`).toEqual([
      { one: 1, two: 2, three: 3, four: 4 },
    ])
  })

  test('a setting made in one file does not reach the next', async () => {
    write({ '0001_a.sql': 'set search_path to pg_temp; select 1', '0002_b.sql': 'create table b ()' })

    await run()

    expect(await tables()).toEqual(['b'])
  })
})

describe('a migration that fails', () => {
  test('it leaves nothing behind, and the ones before it stay', async () => {
    write({
      '0001_a.sql': 'create table a ()',
      '0002_b.sql': 'create table b ();\ncreate table c ();\nselekt 1;',
    })

    await expect(run()).rejects.toMatchObject({
      code: 'DATABASE_MIGRATION_FAILED',
      permanent: true,
      details: { file: '0002_b.sql', line: 3, column: 1, excerpt: 'selekt 1;' },
    })
    expect(await tables()).toEqual(['a'])
    write({ '0002_b.sql': 'create table b ()' })
    expect(await run()).toEqual({ applied: ['0002_b.sql'] })
  })

  test('the line is named also when PostgreSQL gives no position', async () => {
    write({
      '0001_a.sql':
        'create table a (n int primary key);\n\ninsert into a values (1);\ninsert into a values (1);',
    })

    await expect(run()).rejects.toMatchObject({
      details: { line: 4, column: 1, reason: expect.stringContaining('23505') },
    })
  })

  test('a constraint that is checked at the end is an error of the file', async () => {
    write({
      '0001_a.sql': `create table a (id int primary key, parent int references a deferrable initially deferred);
        insert into a values (1, 2);`,
    })

    await expect(run()).rejects.toMatchObject({
      code: 'DATABASE_MIGRATION_FAILED',
      details: { file: '0001_a.sql' },
    })
    expect(await tables()).toEqual([])
  })

  test('without a transaction, what ran before the error stays and the file is not recorded', async () => {
    write({ '0001_a.sql': '-- pando: no transaction\ncreate table a ();\nselekt 1' })

    await expect(run()).rejects.toMatchObject({ code: 'DATABASE_MIGRATION_FAILED', details: { line: 3 } })
    expect(await tables()).toEqual(['a'])
    expect(await database.sql`select 1 from pando.migration`).toEqual([])
  })
})

describe('files that cannot be right', () => {
  test('an edited and a missing file are both named, and nothing is applied', async () => {
    write({ '0001_a.sql': 'create table a ()', '0002_b.sql': 'create table b ()' })
    await run()
    rmSync(join(directory, '0001_a.sql'))
    write({ '0002_b.sql': 'create table b2 ()', '0003_c.sql': 'create table c ()' })

    await expect(run()).rejects.toMatchObject({
      code: 'DATABASE_MIGRATIONS_INVALID',
      permanent: true,
      details: {
        problems: expect.arrayContaining([
          '0001_a.sql: it was applied to this database and is missing now',
          '0002_b.sql: it was edited after it was applied to this database',
        ]),
      },
    })
    expect(await tables()).toEqual(['a', 'b'])
  })

  test('a directory that is not there is an error', async () => {
    await expect(migrate(server.connection, join(directory, 'none'), { log })).rejects.toMatchObject({
      code: 'DATABASE_MIGRATIONS_INVALID',
    })
  })
})

describe('the lock', () => {
  test('who waits too long for another process is told', async () => {
    write({ '0001_a.sql': 'select 1' })
    await run()
    const holder = await database.pool.connect()
    await holder.query('select pg_advisory_lock(8097874982629043561)')

    await expect(migrate(server.connection, directory, { log, lockTimeoutMs: 60 })).rejects.toMatchObject({
      code: 'DATABASE_MIGRATION_LOCKED',
    })
    holder.release(true)
  })
})
