// The table of results, in the schema `pando` of the application's own database: one row for each key, written in the
// transaction of the work itself. Made by the first call that needs it, so an application that does not use `once` has
// none.

import { PlatformError } from '../../base/errors.ts'
import type { Transaction } from '../database.ts'
import type { OwnTables } from '../own-tables.ts'

export const ONCE_TABLE: OwnTables = {
  tier: 'once',
  steps: [
    async ({ sql }) => {
      await sql`create table pando.once (
        key bytea primary key check (octet_length(key) = 32),
        fingerprint bytea not null check (octet_length(fingerprint) = 32),
        result text,
        expires_at timestamptz not null
      )`
      await sql`create index once_expires_at on pando.once (expires_at)`
    },
  ],
  newer: (found, known) => new PlatformError('DATABASE_SCHEMA_NEWER', { table: 'pando.once', found, known }),
}

export interface KeptResult {
  readonly fingerprint: Buffer
  /** JSON; null: the work gave nothing. */
  readonly result: string | null
}

export interface Claim {
  readonly key: Buffer
  readonly fingerprint: Buffer
  readonly nowMs: number
  readonly expiresAtMs: number
  /** Idle for so long within the transaction, the server ends it. */
  readonly idleMs: number
}

/**
 * Takes the key for this transaction: undefined when it is this one's, else what another has kept under it. Waits while
 * another transaction has taken it and not ended. A row that has expired is as good as none.
 */
export async function claim({ sql }: Transaction, wanted: Claim): Promise<KeptResult | undefined> {
  const { key, fingerprint, nowMs, expiresAtMs, idleMs } = wanted
  const claimed = await sql`
    insert into pando.once as kept (key, fingerprint, expires_at)
    select ${key}::bytea, ${fingerprint}::bytea, ${time(expiresAtMs)}::timestamptz
    from set_config('idle_in_transaction_session_timeout', ${String(idleMs)}, true)
    on conflict (key) do update
      set fingerprint = excluded.fingerprint, result = null, expires_at = excluded.expires_at
      where kept.expires_at <= ${time(nowMs)}::timestamptz
    returning 1`
  if (claimed.length === 1) return undefined
  // The conflict has locked the row, so it is still there.
  const [kept] = await sql<KeptResult>`select fingerprint, result from pando.once where key = ${key}::bytea`
  return kept
}

export async function keep({ sql }: Transaction, key: Buffer, result: string): Promise<void> {
  await sql`update pando.once set result = ${result} where key = ${key}::bytea`
}

/** Removes up to `limit` expired rows, leaving those that another process removes; how many it were. */
export async function removeExpired({ sql }: Transaction, nowMs: number, limit: number): Promise<number> {
  const rows = await sql`
    delete from pando.once where key in (
      select key from pando.once where expires_at <= ${time(nowMs)}::timestamptz
      order by expires_at limit ${limit}::integer for update skip locked
    ) returning 1`
  return rows.length
}

/** Text with its zone, so that neither the server's time zone nor a client's date format matters. */
function time(ms: number): string {
  return new Date(ms).toISOString()
}
