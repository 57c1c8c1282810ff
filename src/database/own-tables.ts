// Tables that a tier keeps for itself, in the schema `pando` of the application's own database, made by the first process
// that needs them. `create … if not exists` alone is not enough: two processes that run it at once can both fail on the
// system catalogue's own unique indexes, so they take turns under an advisory lock, the same for all tiers.

import type { Transaction } from './database.ts'

export interface OwnTables {
  /** Their row in the table of versions: `sessions`. */
  readonly tier: string
  /** Step n makes version n + 1 out of version n. Steps are only ever added. */
  readonly steps: readonly ((tx: Transaction) => Promise<void>)[]
  /** The error for tables of the later version `found`. */
  readonly newer: (found: number, known: number) => Error
}

// Any number that nobody else uses: the first eight bytes of SHA-256('pando.session').
const LOCK = '4017306174925217733'

type Sql = Transaction['sql']

/** Whether nothing needs to be made. A role that may not create anything can still use what an administrator has. */
export async function areMade(sql: Sql, { tier, steps }: OwnTables): Promise<boolean> {
  const [ready] = await sql<{ exists: boolean }>`select to_regclass('pando.version') is not null as exists`
  return ready!.exists && (await versionOf(sql, tier)) === steps.length
}

/** Makes or upgrades the tables; any number of processes may do so at once. @throws what `newer` gives */
export async function makeTables(tx: Transaction, { tier, steps, newer }: OwnTables): Promise<void> {
  await tx.sql`select pg_advisory_xact_lock(${LOCK}::bigint)`
  await tx.sql`create schema if not exists pando`
  await tx.sql`create table if not exists pando.version (tier text primary key, version integer not null)`
  const found = await versionOf(tx.sql, tier)
  if (found > steps.length) throw newer(found, steps.length)
  for (const step of steps.slice(found)) await step(tx)
  await tx.sql`insert into pando.version (tier, version) values (${tier}, ${steps.length})
    on conflict (tier) do update set version = excluded.version`
}

async function versionOf(sql: Sql, tier: string): Promise<number> {
  const [row] = await sql<{ version: number }>`select version from pando.version where tier = ${tier}`
  return row?.version ?? 0
}
