// What the tier needs of a PostgreSQL client: connections out of a bounded pool, and statements on them. The driver
// translates what the client throws into this tier's errors, cancels a statement whose visitor has gone, and never
// gives a connection back to the pool that still has a transaction or a statement on it.

import type { DatabasePool, DatabasePoolClient } from './pool.ts'
import type { Row } from './database.ts'

/** A statement as the driver sends it. */
export interface PreparedStatement {
  readonly text: string
  readonly values: readonly unknown[]
  /** Prepared under this name on every connection that runs it; undefined: parsed each time. */
  readonly name?: string | undefined
}

export interface StatementResult {
  readonly rows: Row[]
  /** The command that the server says it ran: `SELECT`, `COMMIT`, `ROLLBACK`. */
  readonly command: string
}

/** One connection, between `acquire` and `release`. */
export interface Connection {
  /** As users of `pg` know it. */
  readonly client: DatabasePoolClient
  /** Runs it for the current request: cancelled when the visitor goes. */
  run(statement: PreparedStatement): Promise<StatementResult>
  /** Runs begin, commit, rollback and the like, which are never cancelled. */
  control(text: string): Promise<StatementResult>
  /** The server is no longer at the other end. */
  readonly lost: boolean
  /** As of the last answer: outside a transaction, in one, in a failed one. */
  readonly status: 'idle' | 'transaction' | 'failed'
  /** The last error of a statement on it since `acquire`. */
  readonly lastFailure: unknown
  /** Gives it back; `discard` closes it instead. Once only. */
  release(discard?: boolean): void
}

export interface DatabaseDriver {
  readonly pool: DatabasePool
  /** @throws DATABASE_UNREACHABLE, DATABASE_ACCESS_DENIED, DATABASE_POOL_EXHAUSTED, DATABASE_CLOSED */
  acquire(): Promise<Connection>
  /** Runs one statement on any connection. */
  run(statement: PreparedStatement): Promise<StatementResult>
  /** Waits up to `deadlineMs` for connections in use, then closes them too. May be called twice. */
  close(deadlineMs: number): Promise<void>
}
