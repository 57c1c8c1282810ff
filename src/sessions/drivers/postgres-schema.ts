// The table of sessions, in the schema `pando` of the application's own database.

import { PlatformError } from '../../base/errors.ts'
import type { Database } from '../../database/database.ts'
import { areMade, makeTables, type OwnTables } from '../../database/own-tables.ts'

const TABLES: OwnTables = {
  tier: 'sessions',
  steps: [
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
  ],
  newer: (found, known) => new PlatformError('SESSIONS_SCHEMA_NEWER', { found, known }),
}

/** Makes or upgrades the table; any number of processes may do so at once. @throws SESSIONS_SCHEMA_NEWER */
export async function prepareSchema(database: Database): Promise<void> {
  if (await areMade(database.sql, TABLES)) return
  await database.transaction((tx) => makeTables(tx, TABLES))
}
