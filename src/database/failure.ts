// What an error of the driver means for what comes next. Pure.
//
// SQLSTATE codes: postgresql.org/docs/18/errcodes-appendix.html. Errors of the server carry `severity`; errors without
// it come from the socket or the driver, and mean that the connection is gone.

import { isPlatformError } from '../base/errors.ts'

interface ServerError extends Error {
  readonly code: string
  readonly severity: string
}

const SERIALIZATION_FAILURE = '40001'
const DEADLOCK_DETECTED = '40P01'
const QUERY_CANCELED = '57014'
/** The server starts, stops or restarts, or has no connection free: nothing was done, and a moment later it works. */
const TEMPORARY = new Set(['57P01', '57P02', '57P03', '53300'])
const LONGEST_CAUSE_CHAIN = 8

/** An error that PostgreSQL itself reported, as `pg` gives it. */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && 'severity' in error && 'code' in error && typeof error.code === 'string'
}

/** The session has ended with this error, so whether the statement took effect is not said. */
export function endsSession(error: unknown): boolean {
  return (
    !isServerError(error) ||
    error.severity === 'FATAL' ||
    error.severity === 'PANIC' ||
    error.code.startsWith('57P')
  )
}

/** The socket's or the driver's word that the connection is gone or never was. */
export function isLostConnection(error: unknown): boolean {
  if (!(error instanceof Error) || isServerError(error)) return false
  // pg says it by these texts only (pg/lib/client.js); errors of the socket have a code.
  return (
    'code' in error ||
    /^(Connection terminated|Client (has encountered|was closed)|timeout expired)/.test(error.message)
  )
}

/** The server's own word that it lives and lets nobody in at the moment: it starts, recovers, stops, or is full. */
export function isNotNow(error: unknown): boolean {
  return isServerError(error) && TEMPORARY.has(error.code)
}

/** What a failed attempt to connect calls for. */
export function connectVerdict(error: unknown): 'again' | 'denied' {
  if (!isServerError(error)) return isLostConnection(error) ? 'again' : 'denied'
  return isNotNow(error) || error.code.startsWith('08') ? 'again' : 'denied'
}

export function isStatementTimeout(error: unknown): boolean {
  // The same code says that somebody else cancelled it.
  return isServerError(error) && error.code === QUERY_CANCELED && /statement timeout/.test(error.message)
}

/**
 * A prepared statement's plan no longer fits its table, which was altered since. It was not run.
 * https://github.com/postgres/postgres/blob/REL_18_0/src/backend/utils/cache/plancache.c (RevalidateCachedQuery)
 */
export function isStalePlan(error: unknown): boolean {
  return (
    isServerError(error) &&
    error.code === '0A000' &&
    /cached plan must not change result type/.test(error.message)
  )
}

/** Whether a transaction that failed with `error` may run again. Looks at causes too: query builders wrap errors. */
export function mayRunAgain(error: unknown): boolean {
  let current = error
  for (let depth = 0; depth < LONGEST_CAUSE_CHAIN && current instanceof Error; depth++) {
    // Running it again could do it twice.
    if (isPlatformError(current, 'DATABASE_COMMIT_UNKNOWN')) return false
    if (
      isServerError(current) &&
      (current.code === SERIALIZATION_FAILURE || current.code === DEADLOCK_DETECTED)
    )
      return true
    if (isPlatformError(current, 'DATABASE_CONNECTION_LOST') || isStalePlan(current)) return true
    current = current.cause
  }
  return false
}
