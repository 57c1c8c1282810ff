// The one table from error codes to HTTP statuses. An error that is not in it is a failure of the application: 500,
// logged, and nothing of it shown.

import { isPlatformError } from '../base/errors.ts'
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
const STATUSES: Readonly<Record<string, Answer>> = {
  BASE_OVERLOADED: BUSY,
  BASE_DEADLINE: { ...BUSY, status: 504 },
  DATABASE_POOL_EXHAUSTED: BUSY,
  DATABASE_UNREACHABLE: AWAY,
  FILES_TOO_LARGE: TOO_LARGE,
  WEB_BODY_TOO_LARGE: TOO_LARGE,
}

const FAILED: Refusal = refusal(500, 'WEB_HANDLER_FAILED', {})

/** How an error that an application lets through is answered. Pure. */
export function refusalOf(error: unknown): Refusal {
  if (!isPlatformError(error)) return FAILED
  const known = STATUSES[error.code]
  return known === undefined ? FAILED : { ...known, code: error.code }
}

/** The codes of the table, for its test and the reference page. */
export function statusTable(): readonly { readonly code: string; readonly status: number }[] {
  return Object.entries(STATUSES).map(([code, { status }]) => ({ code, status }))
}
