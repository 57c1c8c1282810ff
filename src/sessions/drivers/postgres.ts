// Sessions in PostgreSQL, one row each. Every method is one statement, so each is atomic by itself and a lost connection
// leaves it done or not done. Time comes from the caller: `now()` appears nowhere.

import type { Database } from '../../database/database.ts'
import { fragment } from '../../database/fragment.ts'
import type { SessionStore, StoredSession } from '../driver.ts'
import type { SessionData } from '../sessions.ts'
import { prepareSchema } from './postgres-schema.ts'

interface SessionRow {
  readonly user_id: string | null
  readonly data: SessionData
  readonly created_ms: number
  readonly expires_ms: number
  readonly absolute_ms: number
}

const COLUMNS = fragment`user_id, data,
  (extract(epoch from created_at) * 1000)::float8 as created_ms,
  (extract(epoch from expires_at) * 1000)::float8 as expires_ms,
  (extract(epoch from absolute_at) * 1000)::float8 as absolute_ms`

/** Opens the store, making its table where it is missing. The database stays the caller's. */
export async function postgres(database: Database): Promise<SessionStore> {
  await prepareSchema(database)
  return {
    capabilities: { shared: true, durable: true },

    async create(key, session, { replaces, maxBytes }) {
      const rows = await database.sql`
        with fitting as (select ${JSON.stringify(session.data)}::jsonb as data),
        gone as (
          delete from pando.session
          where key = ${bytes(replaces)}::bytea
            and (select octet_length(data::text) from fitting) <= ${maxBytes}::integer
        )
        insert into pando.session (key, user_id, data, created_at, expires_at, absolute_at)
        select ${bytes(key)}::bytea, ${session.userId}::text, data, ${time(session.createdAtMs)}::timestamptz,
          ${time(session.expiresAtMs)}::timestamptz, ${time(session.absoluteAtMs)}::timestamptz
        from fitting where octet_length(data::text) <= ${maxBytes}::integer
        returning 1`
      return rows.length === 1 ? 'created' : 'too-large'
    },

    async read(key, nowMs) {
      const rows = await database.sql<SessionRow>`
        select ${COLUMNS} from pando.session where key = ${bytes(key)}::bytea and expires_at > ${time(nowMs)}::timestamptz`
      return rows[0] && toSession(rows[0])
    },

    async change(key, { set, remove, maxBytes, nowMs, idleMs }) {
      // A concurrent change makes PostgreSQL evaluate both expressions again on the row it left (read committed).
      const values = JSON.stringify(set)
      const rows = await database.sql<SessionRow>`
        update pando.session set
          data = (data || ${values}::jsonb) - ${remove}::text[],
          expires_at = least(absolute_at, ${time(nowMs + idleMs)}::timestamptz)
        where key = ${bytes(key)}::bytea and expires_at > ${time(nowMs)}::timestamptz
          and octet_length(((data || ${values}::jsonb) - ${remove}::text[])::text) <= ${maxBytes}::integer
        returning ${COLUMNS}`
      if (rows[0] !== undefined) return toSession(rows[0])
      const present = await database.sql`
        select 1 from pando.session where key = ${bytes(key)}::bytea and expires_at > ${time(nowMs)}::timestamptz`
      return present.length === 1 ? 'too-large' : 'absent'
    },

    async touch(key, nowMs, idleMs) {
      const rows = await database.sql<{ expires_ms: number }>`
        update pando.session set expires_at = least(absolute_at, ${time(nowMs + idleMs)}::timestamptz)
        where key = ${bytes(key)}::bytea and expires_at > ${time(nowMs)}::timestamptz
        returning (extract(epoch from expires_at) * 1000)::float8 as expires_ms`
      return rows[0]?.expires_ms
    },

    async delete(key) {
      const rows = await database.sql`delete from pando.session where key = ${bytes(key)}::bytea returning 1`
      return rows.length === 1
    },

    async deleteByUser(userId, nowMs) {
      const rows = await database.sql<{ live: boolean }>`
        delete from pando.session where user_id = ${userId}::text
        returning expires_at > ${time(nowMs)}::timestamptz as live`
      return rows.filter(({ live }) => live).length
    },

    async prune(nowMs, limit) {
      const rows = await database.sql`
        delete from pando.session where key in (
          select key from pando.session where expires_at <= ${time(nowMs)}::timestamptz
          order by expires_at limit ${limit}::integer for update skip locked
        ) returning 1`
      return rows.length
    },

    async close() {},
    async [Symbol.asyncDispose]() {},
  }
}

function bytes(key: string | undefined): Buffer | null {
  return key === undefined ? null : Buffer.from(key, 'base64url')
}

/** Text with its zone, so that neither the server's time zone nor a client's date format matters. */
function time(ms: number): string {
  return new Date(ms).toISOString()
}

function toSession(row: SessionRow): StoredSession {
  return {
    userId: row.user_id,
    data: row.data,
    createdAtMs: row.created_ms,
    expiresAtMs: row.expires_ms,
    absoluteAtMs: row.absolute_ms,
  }
}
