// Brings a database's schema to what the application's files say, once, whoever starts first. Each file is one
// transaction together with its row in `pando.migration`, so a crash leaves a migration applied and recorded, or neither.
//
// All files are checked before anything is applied. Uses a connection of its own without a statement timeout: building
// an index may take long.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { backoff } from '../base/backoff.ts'
import { systemClock, type Clock } from '../base/clock.ts'
import { describeError, PlatformError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { describeConnection, type DatabaseConnection } from './connection.ts'
import { connectVerdict, endsSession, isServerError } from './failure.ts'
import { planMigrations, type AppliedMigration, type Migration } from './migrations/plan.ts'
import { locate, type SqlStatement } from './migrations/statements.ts'

export interface MigrateOptions {
  readonly log: Logger
  readonly clock?: Clock
  /** How long the database is waited for while it starts. Default 30,000 ms. */
  readonly connectTimeoutMs?: number
  /** How long another process may apply migrations before this one gives up. Default 600,000 ms. */
  readonly lockTimeoutMs?: number
}

export interface MigrateResult {
  /** File names, in the order in which they were applied now. */
  readonly applied: readonly string[]
}

/** "pando mi" in ASCII: an advisory lock of the database that means nothing to anybody else. */
const LOCK_KEY = '8097874982629043561'
const LOCK_LOOK_MS = 50
const CONNECT_TIMEOUT_MS = 30_000
const LOCK_TIMEOUT_MS = 600_000

/**
 * Applies the files `NNNN_name.sql` of `directory` that are not yet applied. May run in several processes at once: one
 * applies, the others wait for it.
 * @throws DATABASE_MIGRATIONS_INVALID, DATABASE_MIGRATION_FAILED, DATABASE_MIGRATION_LOCKED, DATABASE_UNREACHABLE,
 * DATABASE_ACCESS_DENIED, DATABASE_CONNECTION_LOST
 */
export async function migrate(
  connection: DatabaseConnection,
  directory: string,
  options: MigrateOptions,
): Promise<MigrateResult> {
  const clock = options.clock ?? systemClock
  const files = readMigrationFiles(directory)
  const client = await connect(connection, clock, options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS)
  try {
    await lock(client, clock, options.lockTimeoutMs ?? LOCK_TIMEOUT_MS)
    const plan = planMigrations(files, await readApplied(client))
    if (plan.outcome === 'refuse')
      throw new PlatformError('DATABASE_MIGRATIONS_INVALID', { directory, problems: plan.problems })
    if (plan.ahead.length > 0)
      options.log.warn(
        { files: plan.ahead },
        'the database has migrations of a later release; they must leave what this release uses',
      )
    for (const migration of plan.pending) await apply(client, migration, clock, options.log)
    return { applied: plan.pending.map(({ fileName }) => fileName) }
  } catch (error) {
    if (error instanceof PlatformError || !(endsSession(error) && error instanceof Error)) throw error
    throw new PlatformError('DATABASE_CONNECTION_LOST', { reason: describeError(error) }, { cause: error })
  } finally {
    // Its end gives the lock back.
    await client.end().catch(() => {})
  }
}

function readMigrationFiles(directory: string): { fileName: string; content: string }[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.sql'))
      .map(({ name }) => ({ fileName: name, content: readFileSync(join(directory, name), 'utf8') }))
  } catch (error) {
    const problems = [`the directory cannot be read: ${describeError(error)}`]
    throw new PlatformError('DATABASE_MIGRATIONS_INVALID', { directory, problems }, { cause: error })
  }
}

async function connect(connection: DatabaseConnection, clock: Clock, timeoutMs: number): Promise<pg.Client> {
  const startedAtMs = clock.monotonic()
  const parameters = 'url' in connection ? { connectionString: connection.url } : connection
  for (const delayMs of backoff({ firstMs: 20, maxMs: 500, attempts: Infinity })) {
    const client = new pg.Client({
      ...parameters,
      connectionTimeoutMillis: timeoutMs,
      application_name: 'pando migrate',
    })
    // The statement under way reports it too.
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      await client.end().catch(() => {})
      const address = describeConnection(connection)
      const waitedMs = Math.round(clock.monotonic() - startedAtMs)
      const details = { address, user: client.user ?? '', waitedMs, reason: describeError(error) }
      if (connectVerdict(error) === 'denied')
        throw new PlatformError('DATABASE_ACCESS_DENIED', details, { cause: error })
      if (waitedMs + delayMs > timeoutMs)
        throw new PlatformError('DATABASE_UNREACHABLE', details, { cause: error })
      await clock.sleep(delayMs)
    }
  }
  throw new Error('unreachable: the delays never end')
}

async function lock(client: pg.Client, clock: Clock, timeoutMs: number): Promise<void> {
  const startedAtMs = clock.monotonic()
  for (;;) {
    // Asked for again and again, not waited for: a statement that waits is a transaction, and CREATE INDEX CONCURRENTLY
    // in the process that holds the lock would wait for it in turn.
    const { rows } = await client.query<{ locked: boolean }>(
      `select pg_try_advisory_lock(${LOCK_KEY}) as locked`,
    )
    if (rows[0]!.locked) return
    const waitedMs = Math.round(clock.monotonic() - startedAtMs)
    if (waitedMs > timeoutMs) throw new PlatformError('DATABASE_MIGRATION_LOCKED', { waitedMs })
    await clock.sleep(LOCK_LOOK_MS)
  }
}

async function readApplied(client: pg.Client): Promise<AppliedMigration[]> {
  await client.query(`
    create schema if not exists pando;
    create table if not exists pando.migration (
      number integer primary key,
      name text not null,
      checksum text not null,
      applied_at timestamptz not null default now(),
      duration_ms integer not null
    )`)
  const { rows } = await client.query<AppliedMigration>(
    'select number, name, checksum from pando.migration order by number',
  )
  return rows
}

async function apply(client: pg.Client, migration: Migration, clock: Clock, log: Logger): Promise<void> {
  const { transactional, statements, fileName } = migration
  const startedAtMs = clock.monotonic()
  if (transactional) await client.query('begin')
  try {
    for (const statement of statements) await runStatement(client, migration, statement)
    // What a file sets for its session (search_path, timeouts) is not for the next file nor for the row.
    if (!transactional) await client.query('reset all')
    const durationMs = Math.round(clock.monotonic() - startedAtMs)
    await client.query(
      'insert into pando.migration (number, name, checksum, duration_ms) values ($1, $2, $3, $4)',
      [migration.number, migration.name, migration.checksum, durationMs],
    )
    if (transactional) await commit(client, migration)
    log.info({ tier: 'database', migration: fileName, durationMs }, 'a migration was applied')
  } catch (error) {
    if (transactional) await client.query('rollback').catch(() => {})
    throw error
  }
  await client.query('reset all')
}

async function runStatement(client: pg.Client, migration: Migration, statement: SqlStatement): Promise<void> {
  try {
    await client.query(statement.text)
  } catch (error) {
    if (endsSession(error)) throw error
    throw failed(migration, statement, error)
  }
}

/** Constraints that are checked at the end fail here; the last statement is the nearest place. */
async function commit(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query('commit')
  } catch (error) {
    if (endsSession(error)) throw error
    throw failed(migration, migration.statements.at(-1)!, error)
  }
}

function failed({ fileName, sql }: Migration, { offset }: SqlStatement, error: unknown): PlatformError {
  const position = isServerError(error) && 'position' in error ? Number(error.position) : Number.NaN
  const place = locate(sql, offset, Number.isInteger(position) ? position : 1)
  return new PlatformError(
    'DATABASE_MIGRATION_FAILED',
    { file: fileName, ...place, reason: describeError(error) },
    { cause: error },
  )
}
