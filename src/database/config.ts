// Settings of the database tier, declared once: parsing, the printed report and the reference come from here.

import { z } from 'zod'

export interface DatabaseSettings {
  readonly poolMax: number
  readonly poolMaxWaiting: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxConnections?: number | undefined
  readonly sharedBuffersBytes?: number | undefined
}

export type DatabaseSettingsInput = {
  readonly [Key in keyof DatabaseSettings]?: DatabaseSettings[Key] | undefined
}

/** `database: { … }` of a topology. */
export const databaseConfig: z.ZodType<DatabaseSettings, DatabaseSettingsInput> = z.strictObject({
  poolMax: z
    .int()
    .min(1)
    .max(200)
    .default(10)
    .describe('Connections that one web process opens at most; statements beyond it wait in order.'),
  poolMaxWaiting: z
    .int()
    .min(0)
    .max(100_000)
    .default(1_000)
    .describe('Statements of one web process that may wait for a connection; more are refused at once.'),
  connectTimeoutMs: z
    .int()
    .min(100)
    .max(600_000)
    .default(5_000)
    .describe(
      'How long a statement waits for a connection, free or new, while the pool is busy or the server restarts, in milliseconds.',
    ),
  statementTimeoutMs: z
    .int()
    .min(1)
    .max(86_400_000)
    .default(30_000)
    .describe('How long one statement may run before the server cancels it, in milliseconds.'),
  idleTimeoutMs: z
    .int()
    .min(1_000)
    .max(86_400_000)
    .default(60_000)
    .describe('After how long without use a connection is closed, in milliseconds.'),
  maxConnections: z
    .int()
    .min(10)
    .max(5_000)
    .optional()
    .describe(
      'Connections that the embedded server accepts. Default: what all web processes together may open and 20 more, at least 100.',
    ),
  sharedBuffersBytes: z
    .int()
    .min(16 * 2 ** 20)
    .max(2 ** 40)
    .optional()
    .describe(
      "PostgreSQL's own page cache in the embedded server, in bytes. Default: an eighth of the memory, between 64 MiB and 2 GiB.",
    ),
})
