// The table of sessions, in the schema `pando` of the application's own database. `create … if not exists` alone is not
// enough: two processes that run it at once can both fail on the system catalogue's own unique indexes, so they take
// turns under an advisory lock.

import { PlatformError } from '../../base/errors.ts'
import type { Database, Transaction } from '../../database/database.ts'

// Any number that nobody else uses: the first eight bytes of SHA-256('pando.session').
const LOCK = '4017306174925217733'

/** Step n makes version n + 1 out of version n. Steps are only ever added. */
const STEPS: readonly ((tx: Transaction) => Promise<void>)[] = [
  async ({ sql }) => {
    await sql`create table pando.session (
      key bytea primary key check (octet_length(key) = 32),
      user_id text,
      data jsonb not null,
      created_at timestamptz not null,
      expires_at timestamptz not null,
      absolute_at timestamptz not null
    )`
    await sql`create index session_user_id on pando.session (user_id) where user_id is not null`
    await sql`create index session_expires_at on pando.session (expires_at)`
  },
]

/** Makes or upgrades the table; any number of processes may do so at once. @throws SESSIONS_SCHEMA_NEWER */
export async function prepareSchema(database: Database): Promise<void> {
  // A role that may not create anything can still use what an administrator has prepared.
  const [ready] = await database.sql<{
    exists: boolean
  }>`select to_regclass('pando.version') is not null as exists`
  if (ready!.exists && (await versionOf(database.sql)) === STEPS.length) return
  await database.transaction(async (tx) => {
    await tx.sql`select pg_advisory_xact_lock(${LOCK}::bigint)`
    await tx.sql`create schema if not exists pando`
    await tx.sql`create table if not exists pando.version (tier text primary key, version integer not null)`
    const found = await versionOf(tx.sql)
    if (found > STEPS.length) throw new PlatformError('SESSIONS_SCHEMA_NEWER', { found, known: STEPS.length })
    for (const step of STEPS.slice(found)) await step(tx)
    await tx.sql`insert into pando.version (tier, version) values ('sessions', ${STEPS.length})
      on conflict (tier) do update set version = excluded.version`
  })
}

async function versionOf(sql: Database['sql']): Promise<number> {
  const [row] = await sql<{ version: number }>`select version from pando.version where tier = 'sessions'`
  return row?.version ?? 0
}
