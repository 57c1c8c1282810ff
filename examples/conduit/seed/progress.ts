// Which batches are in the database already. The mark of a batch is written in the batch's own transaction, so after any
// interruption the marks are exactly what is there: nothing is inserted twice and nothing is left out.

import type { DatabasePoolClient } from 'pando/database'
import type { Bases } from './rows.ts'
import type { Size, SizeName } from './sizes.ts'

export interface SeedRun {
  readonly bases: Bases
  readonly finished: boolean
  /** Marks of `isDone`. */
  readonly done: Set<string>
}

export function markOf(kind: string, batch: number): string {
  return `${kind}/${batch}`
}

export interface WantedRun {
  readonly sizeName: SizeName
  readonly size: Size
  readonly seed: string
  /** Called once for a database; what it gives is kept for the runs that continue. */
  readonly hashPassword: () => Promise<string>
}

/** A seeding that is under way in another process, or of another size or seed. The message says what to do. */
export class SeedRefused extends Error {
  override readonly name = 'SeedRefused'
}

const LOCK = 7_233_184

/** The connection of a seeding that was just killed lasts until the server has finished its statement. */
const LOCK_WAIT_MS = 3_000
const LOCK_NOT_AVAILABLE = '55P03'

/** Keeps other seedings away until `unlockSeeding`, or until the connection ends. @throws SeedRefused */
export async function lockSeeding(client: DatabasePoolClient): Promise<void> {
  await client.query(`set lock_timeout = ${LOCK_WAIT_MS}`)
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK])
  } catch (error) {
    if (!isLockTimeout(error)) throw error
    throw new SeedRefused(
      'Another process is seeding this database. Wait until it is done, then start again.',
    )
  } finally {
    await client.query('set lock_timeout = 0')
  }
}

export async function unlockSeeding(client: DatabasePoolClient): Promise<void> {
  await client.query('select pg_advisory_unlock($1)', [LOCK])
}

/** The database tier may wrap what the server said: the code is then that of a cause. */
function isLockTimeout(error: unknown): boolean {
  for (let each = error; each instanceof Error; each = each.cause)
    if ('code' in each && each.code === LOCK_NOT_AVAILABLE) return true
  return false
}

/** Begins a seeding, or finds where it was interrupted. @throws SeedRefused when size or seed differ from its own. */
export async function openRun(client: DatabasePoolClient, wanted: WantedRun): Promise<SeedRun> {
  await client.query(`
    create schema if not exists seed;
    create table if not exists seed.run (
      only_one boolean primary key default true check (only_one),
      size text not null, seed text not null, password_hash text not null,
      users_base integer not null, articles_base integer not null, comments_base bigint not null,
      finished_at timestamptz
    );
    create table if not exists seed.batches (mark text primary key)`)
  const { rows } = await client.query<RunRow>('select * from seed.run')
  const row = rows[0] ?? (await beginRun(client, wanted))
  if (row.size !== wanted.sizeName || row.seed !== wanted.seed)
    throw new SeedRefused(
      `This database was seeded with --size ${row.size} --seed ${row.seed}. Repeat these, or use an empty data directory (--data DIR).`,
    )
  const done = await client.query<{ mark: string }>('select mark from seed.batches')
  return {
    bases: { users: row.users_base, articles: row.articles_base, comments: Number(row.comments_base) },
    finished: row.finished_at !== null,
    done: new Set(done.rows.map(({ mark }) => mark)),
  }
}

interface RunRow {
  readonly size: string
  readonly seed: string
  readonly users_base: number
  readonly articles_base: number
  readonly comments_base: string
  readonly finished_at: Date | null
}

/** Sets the identities aside, so that the application may go on writing while it is seeded. */
async function beginRun(client: DatabasePoolClient, wanted: WantedRun): Promise<RunRow> {
  const hash = await wanted.hashPassword()
  await client.query('begin')
  try {
    await client.query('lock table users, articles, comments in share row exclusive mode')
    const bases: number[] = []
    for (const [table, count] of [
      ['users', wanted.size.users],
      ['articles', wanted.size.articles],
      ['comments', wanted.size.comments],
    ] as const)
      bases.push(await setAside(client, table, count))
    const { rows } = await client.query<RunRow>(
      `insert into seed.run (size, seed, password_hash, users_base, articles_base, comments_base)
       values ($1, $2, $3, $4, $5, $6) returning *`,
      [wanted.sizeName, wanted.seed, hash, ...bases],
    )
    await client.query('commit')
    return rows[0]!
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

/** The last identity in use, after moving the table's sequence `count` further. */
async function setAside(
  client: DatabasePoolClient,
  table: 'users' | 'articles' | 'comments',
  count: number,
): Promise<number> {
  const { rows } = await client.query<{ base: string }>(
    `select greatest((select coalesce(max(id), 0) from ${table}),
       (select case when is_called then last_value else 0 end from ${table}_id_seq)) as base`,
  )
  const base = Number(rows[0]!.base)
  await client.query('select setval($1::regclass, $2)', [`${table}_id_seq`, base + count])
  return base
}

/** Runs `work` in a transaction of the seeding: counters off, because they are derived at the end; marked as done. */
export async function inBatch(
  client: DatabasePoolClient,
  mark: string,
  work: () => Promise<unknown>,
): Promise<void> {
  await client.query('begin')
  try {
    // Without waiting for the disk: a batch lost with its mark is simply made again.
    await client.query(
      "set local conduit.bulk = 'on'; set local synchronous_commit = off; set local statement_timeout = 0",
    )
    await work()
    await client.query('insert into seed.batches (mark) values ($1)', [mark])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
