// What an application gets as `database`: PostgreSQL that looks like `pg`.
//
// Every statement runs on a pooled connection with a statement timeout; one that runs for a request is cancelled on the
// server when its visitor goes away. Promises about durability are PostgreSQL's own: `fsync` and `synchronous_commit`
// are on, so an acknowledged commit survives `kill -9` of every process and the loss of power.

import type { DatabasePool, DatabasePoolClient } from './pool.ts'
import type { Fragment } from './fragment.ts'

export type Row = Record<string, unknown>

/**
 * Runs one statement: `` await sql<Article>`select * from article where id = ${id}` ``. A value becomes a parameter, a
 * `Fragment` is spliced in, nothing is ever interpolated as text.
 * @returns the rows, empty for a statement that returns none.
 */
export type Sql = <T extends object = Row>(
  text: TemplateStringsArray,
  ...values: readonly unknown[]
) => Promise<T[]>

export interface TransactionOptions {
  /** Default `read committed`, PostgreSQL's own. */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable'
  readonly readOnly?: boolean
  /**
   * How often `work` is run at most: again after a serialization failure (40001), a deadlock (40P01), or a connection
   * lost before COMMIT was sent. 1 to 20, default 5. `work` must therefore have no effect outside the transaction.
   */
  readonly attempts?: number
}

export interface Transaction {
  readonly sql: Sql
  /** The connection itself, for Kysely, Drizzle and plain `pg` code inside this transaction. Not to be released. */
  readonly client: DatabasePoolClient
  /** Runs `work` under a savepoint: if it throws, only its own statements are undone, and the error is passed on. */
  savepoint<T>(work: () => Promise<T>): Promise<T>
}

export interface Database {
  readonly sql: Sql
  /**
   * Runs `work` in a transaction: commits when it resolves, rolls back when it throws.
   * @throws DATABASE_COMMIT_UNKNOWN when the connection was lost after COMMIT was sent and before its answer.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Has the shape of a `pg.Pool`. */
  readonly pool: DatabasePool
  /** `sql` of a composed statement: `` database.run(fragment`select … ${where}`) ``. */
  run<T extends object = Row>(statement: Fragment): Promise<T[]>
}
