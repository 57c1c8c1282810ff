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

export interface OnceOptions extends Pick<TransactionOptions, 'isolation' | 'attempts'> {
  /**
   * What a repetition has in common with the first time: 1 to 255 visible ASCII characters. Default: the request's
   * `Idempotency-Key` header, else the id of the request, which a balancer that repeats one leaves as it was.
   */
  readonly key?: string | undefined
  /**
   * Who or what the key belongs to; the same key means something else in another scope. Default: the request's
   * credentials (`authorization` and `cookie` headers), method and path. Give the user's id where a session's cookie may
   * change between the repetitions of a key that the client made. A scope given with a `key` holds for all routes.
   */
  readonly scope?: string | undefined
  /**
   * What the request asks for, as JSON, without its secrets: a key that comes again with other content is refused.
   * Without it only the query, the type and the length of the request are compared.
   */
  readonly content?: unknown
}

/** What of a value comes back out of JSON: a `Date` as its text, no functions. */
export type Jsonified<T> = T extends string | number | boolean | null | undefined | void
  ? T
  : T extends Date
    ? string
    : T extends bigint | symbol | ((...args: never) => unknown)
      ? never
      : { [Key in keyof T]: Jsonified<T[Key]> }

export interface Database {
  readonly sql: Sql
  /**
   * Runs `work` in a transaction: commits when it resolves, rolls back when it throws.
   * @throws DATABASE_COMMIT_UNKNOWN when the connection was lost after COMMIT was sent and before its answer.
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /**
   * Runs `work` in a transaction as `transaction` does, at most once for a key, and gives its result to every repetition
   * for 24 hours. The result is what JSON makes of it, the first time too, and 128 KiB at most; `undefined` is kept as
   * well. A repetition that comes while the first is under way waits for it, up to `statementTimeoutMs`. When `work`
   * throws nothing is kept, and a repetition runs it again.
   *
   * The transaction is given up when its process does nothing in it for 5 s, so that a process that hangs holds up no
   * repetition: wait for nothing but the database in `work`. One `once` without a `key` for each request.
   * @throws DATABASE_ONCE_KEY_MISSING outside a request without a `key`, and for a second one in a request
   * @throws DATABASE_ONCE_KEY_INVALID when the key, or the client's header, is not well formed
   * @throws DATABASE_ONCE_MISMATCH when the key was used with other content
   * @throws DATABASE_ONCE_RESULT_INVALID when the result is no JSON or too large
   * @throws DATABASE_STATEMENT_TIMEOUT when the first is still under way
   */
  once<T>(work: (tx: Transaction) => Promise<T>, options?: OnceOptions): Promise<Jsonified<T>>
  /** Has the shape of a `pg.Pool`. */
  readonly pool: DatabasePool
  /** `sql` of a composed statement: `` database.run(fragment`select … ${where}`) ``. */
  run<T extends object = Row>(statement: Fragment): Promise<T[]>
}
