// The one table from error codes to HTTP statuses. An error that is not in it is a failure of the application: 500,
// logged, and nothing of it shown.

import { type ErrorCode, isPlatformError } from '../../base/errors.ts'
import { type Refusal, refusal } from './refusal.ts'

interface Answer {
  readonly status: number
  readonly message: string
  readonly retryAfterSeconds?: number
}

const BUSY: Answer = {
  status: 503,
  message: 'The service is busy. Try again in a moment.',
  retryAfterSeconds: 1,
}
const AWAY: Answer = {
  status: 503,
  message: 'The service is not available for a moment. Try again shortly.',
  retryAfterSeconds: 5,
}
const TOO_LARGE: Answer = { status: 413, message: 'The content is larger than the limit.' }

/** What the client is told for each code that has its own status. */
const STATUSES: Partial<Readonly<Record<ErrorCode, Answer>>> = {
  BASE_OVERLOADED: BUSY,
  BASE_DEADLINE: BUSY,
  DATABASE_POOL_EXHAUSTED: BUSY,
  DATABASE_STATEMENT_TIMEOUT: BUSY,
  DATABASE_UNREACHABLE: AWAY,
  DATABASE_CONNECTION_LOST: AWAY,
  DATABASE_CLOSED: AWAY,
  FILES_UNAVAILABLE: AWAY,
  FILES_CLOSED: AWAY,
  FILES_NO_SPACE: { status: 507, message: 'There is no room for this content.' },
  FILES_TOO_LARGE: TOO_LARGE,
  FILES_TYPE_INVALID: { status: 415, message: 'Content of this type is not accepted.' },
  FILES_RANGE_INVALID: { status: 416, message: 'The content has no such range.' },
  SESSIONS_CLOSED: AWAY,
  WEB_BODY_TOO_LARGE: TOO_LARGE,
}

const FAILED: Refusal = refusal(500, 'WEB_HANDLER_FAILED', {})

/**
 * How an error that an application lets through is answered, for example
 * `{ status: 503, code: 'DATABASE_POOL_EXHAUSTED', message: '…', retryAfterSeconds: 1 }`. Pure. For frameworks that
 * answer errors themselves: nothing in it comes from the error but its code.
 */
export function refusalOf(error: unknown): Refusal {
  if (!isPlatformError(error)) return FAILED
  const known = STATUSES[error.code]
  return known === undefined ? FAILED : { ...known, code: error.code }
}
