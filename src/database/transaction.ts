// Transactions: begin, the user's work, commit; again from the start when PostgreSQL asks for it or the connection was
// lost before COMMIT was sent.
//
// States of one attempt: open → (work settles) → closed → committed, rolled back, or unknown. Once closed, statements
// through `tx` are refused; the connection goes back to the pool only when the server has confirmed the end.

import { backoff } from '../base/backoff.ts'
import type { Clock } from '../base/clock.ts'
import { describeError, PlatformError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'
import type { Sql, Transaction, TransactionOptions } from './database.ts'
import type { Connection, DatabaseDriver, PreparedStatement } from './driver.ts'
import { compose, type Statement } from './fragment.ts'
import { endsSession, isStalePlan, mayRunAgain } from './failure.ts'
import type { DatabasePoolClient } from './pool.ts'

export interface TransactionContext {
  readonly driver: DatabaseDriver
  readonly clock: Clock
  readonly random: Random
  prepare(statement: Statement): PreparedStatement
  /** Called when a prepared plan no longer fits its table. */
  onStalePlan(): void
}

const DEFAULT_ATTEMPTS = 5
const MAX_ATTEMPTS = 20
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 500

export async function runTransaction<T>(
  context: TransactionContext,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const attempts = Math.min(Math.max(1, options.attempts ?? DEFAULT_ATTEMPTS), MAX_ATTEMPTS)
  const pauses = backoff({
    firstMs: FIRST_PAUSE_MS,
    maxMs: LONGEST_PAUSE_MS,
    attempts: attempts - 1,
    random: context.random,
  })
  for (;;) {
    const connection = await context.driver.acquire()
    try {
      return await attempt(context, connection, work, options)
    } catch (error) {
      if (isStalePlan(error)) context.onStalePlan()
      const pause = mayRunAgain(error) ? pauses.next() : undefined
      if (!pause || pause.done) throw error
      await context.clock.sleep(pause.value)
    }
  }
}

async function attempt<T>(
  context: TransactionContext,
  connection: Connection,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const scope = openScope(context, connection)
  let settled = false
  try {
    await connection.control(beginStatement(options))
    const result = await work(scope.tx)
    scope.close()
    settled = true
    await commit(connection, options)
    return result
  } catch (error) {
    scope.close()
    if (!settled) await rollBack(connection)
    throw error
  } finally {
    connection.release(connection.lost || connection.status !== 'idle')
  }
}

/** For example `begin isolation level serializable read only`. */
export function beginStatement({ isolation, readOnly }: TransactionOptions): string {
  return `begin${isolation === undefined ? '' : ` isolation level ${isolation}`}${readOnly === true ? ' read only' : ''}`
}

async function commit(connection: Connection, { readOnly }: TransactionOptions): Promise<void> {
  // Not sent, so nothing is unknown.
  if (connection.lost)
    throw new PlatformError('DATABASE_CONNECTION_LOST', { reason: 'it ended before COMMIT was sent' })
  if (connection.status === 'idle') throw new PlatformError('DATABASE_TRANSACTION_ESCAPED', undefined)
  const failure = connection.lastFailure
  let command: string
  try {
    ;({ command } = await connection.control('commit'))
  } catch (error) {
    const cause = error instanceof PlatformError ? error.cause : error
    // An ERROR is PostgreSQL's word that the transaction was undone; anything else leaves open how far it came.
    if (!endsSession(cause) || readOnly === true) throw error
    throw new PlatformError('DATABASE_COMMIT_UNKNOWN', { reason: describeError(cause) }, { cause })
  }
  // PostgreSQL answers COMMIT of a failed transaction with ROLLBACK and no error.
  if (command === 'ROLLBACK')
    throw new PlatformError(
      'DATABASE_TRANSACTION_ABORTED',
      { reason: describeError(failure ?? connection.lastFailure) },
      { cause: failure ?? connection.lastFailure },
    )
}

async function rollBack(connection: Connection): Promise<void> {
  if (connection.lost) return
  try {
    await connection.control('rollback')
  } catch {
    // The connection is discarded, which rolls back as well; the error of the work is the one to report.
  }
}

interface Scope {
  readonly tx: Transaction
  close(): void
}

function openScope(context: TransactionContext, connection: Connection): Scope {
  let closed = false
  let savepoints = 0
  let client: DatabasePoolClient | undefined
  const requireOpen = (): void => {
    if (closed) throw new PlatformError('DATABASE_TRANSACTION_CLOSED', undefined)
  }
  const sql = async (text: TemplateStringsArray, ...values: readonly unknown[]): Promise<unknown[]> => {
    requireOpen()
    return (await connection.run(context.prepare(compose(text, values)))).rows
  }
  const tx: Transaction = {
    sql: sql as Sql,
    get client() {
      client ??= guardedClient(connection.client, requireOpen)
      return client
    },
    async savepoint(work) {
      requireOpen()
      const name = `pando_${++savepoints}`
      await connection.control(`savepoint ${name}`)
      try {
        const result = await work()
        requireOpen()
        await connection.control(`release savepoint ${name}`)
        return result
      } catch (error) {
        if (!closed && !connection.lost)
          await connection.control(`rollback to savepoint ${name}; release savepoint ${name}`)
        throw error
      }
    },
  }
  return {
    tx,
    close() {
      closed = true
    },
  }
}

/** The client as seen from inside: it cannot be released, and is useless after the end. */
function guardedClient(client: DatabasePoolClient, requireOpen: () => void): DatabasePoolClient {
  const query = (...args: readonly unknown[]): unknown => {
    const callback = args.find((value) => typeof value === 'function') as
      | ((error: unknown) => void)
      | undefined
    try {
      requireOpen()
    } catch (error) {
      return callback ? callback(error) : Promise.reject(error)
    }
    return (client.query as (...values: readonly unknown[]) => unknown).call(client, ...args)
  }
  return new Proxy(client, {
    get(target, key) {
      if (key === 'query') return query
      if (key === 'release') return () => {}
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
