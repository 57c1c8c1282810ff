// The one table from error codes to HTTP statuses. It has every code of the catalogue that a request can meet, and
// beside it stand the codes that none can; statuses.test.ts finds a code that is in neither.
//
// What is no error of the client, of its timing or of its content is a failure of the application: 500, logged, and
// nothing of it shown. Only an error that says itself that the client is at fault, as those of frameworks do, brings a
// status of its own.

import { type ErrorCode, type ErrorDetails, isPlatformError, PlatformError } from '../../base/errors.ts'
import type { Refusal } from './refusal.ts'

interface Answer {
  readonly status: number
  /** In place of the catalogue's sentence, which may speak of the inside. */
  readonly message?: string
  /** Only where trying again is safe: the request has had no effect, or the method promises none. */
  readonly retryAfterSeconds?: number
  /** What a client is told whose method has no effect (RFC 9110 §9.2.1). */
  readonly safely?: Answer
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
const UNSURE: Answer = {
  status: 503,
  message:
    'The service was interrupted. This request may or may not have taken effect: look before you repeat it.',
}
const TOO_LARGE: Answer = { status: 413, message: 'The content is larger than the limit.' }
const FAULT: Answer = { status: 500 }

/** How each code that a request can meet is answered. */
export const STATUSES: Partial<Readonly<Record<ErrorCode, Answer>>> = {
  BASE_OVERLOADED: BUSY,
  BASE_DEADLINE: BUSY,
  DATABASE_POOL_EXHAUSTED: BUSY,
  // The statement had no effect: PostgreSQL undoes what it cancels.
  DATABASE_STATEMENT_TIMEOUT: BUSY,
  DATABASE_UNREACHABLE: AWAY,
  DATABASE_CONNECTION_LOST: { ...UNSURE, safely: AWAY },
  DATABASE_COMMIT_UNKNOWN: UNSURE,
  DATABASE_CLOSED: AWAY,
  // nginx's status for a visitor who has gone. Nobody sees it but whoever counts.
  DATABASE_CANCELLED: { status: 499, message: 'The visitor went away.' },
  DATABASE_ACCESS_DENIED: FAULT,
  DATABASE_TRANSACTION_ABORTED: FAULT,
  DATABASE_TRANSACTION_CLOSED: FAULT,
  DATABASE_TRANSACTION_ESCAPED: FAULT,
  DATABASE_FRAGMENT_INVALID: FAULT,
  DATABASE_ONCE_KEY_INVALID: {
    status: 400,
    message: 'The Idempotency-Key is not 1 to 255 visible ASCII characters, in double quotes or without.',
  },
  // draft-ietf-httpapi-idempotency-key-header-07 §2.7
  DATABASE_ONCE_MISMATCH: {
    status: 422,
    message: 'This Idempotency-Key was used before, for a request with other content.',
  },
  DATABASE_ONCE_KEY_MISSING: FAULT,
  DATABASE_ONCE_RESULT_INVALID: FAULT,
  DATABASE_SCHEMA_NEWER: FAULT,
  FILES_NAME_INVALID: { status: 400, message: 'There can be no file of this name.' },
  FILES_TYPE_INVALID: { status: 415, message: 'Content of this type is not accepted.' },
  FILES_RANGE_INVALID: { status: 416, message: 'The content has no such range.' },
  FILES_TOO_LARGE: TOO_LARGE,
  FILES_NO_SPACE: { status: 507, message: 'There is no room for this content.' },
  FILES_UNAVAILABLE: AWAY,
  FILES_CLOSED: AWAY,
  FILES_DAMAGED: FAULT,
  FILES_BUCKET_MISSING: FAULT,
  FILES_BUCKET_REFUSED: FAULT,
  FILES_LINK_INVALID: { status: 403, message: 'This link does not work, or no longer.' },
  SESSIONS_TOO_LARGE: { status: 413, message: 'There is no room for this in the session.' },
  SESSIONS_DATA_INVALID: { status: 400, message: 'The session cannot hold this.' },
  SESSIONS_CLOSED: AWAY,
  SESSIONS_NO_REQUEST: FAULT,
  WEB_REQUEST_MALFORMED: { status: 400 },
  WEB_METHOD_UNSUPPORTED: { status: 405 },
  WEB_REQUEST_TIMEOUT: { status: 408 },
  WEB_BODY_TOO_LARGE: { status: 413 },
  WEB_HEADERS_TOO_LARGE: { status: 431 },
  WEB_HANDLER_FAILED: FAULT,
  // Or the status that the error carries.
  WEB_HANDLER_REFUSED: { status: 400 },
  WEB_ANSWER_TIMEOUT: { status: 503 },
  WEB_DRAINING: { status: 503, retryAfterSeconds: 1 },
  WEB_HEADERS_SENT: FAULT,
}

/** Tiers whose errors end commands and never requests. */
export const TIERS_OUTSIDE: readonly string[] = ['APP', 'BALANCER', 'CLI', 'LOAD', 'SUPERVISOR', 'TOPOLOGY']

/** Codes of the other tiers that end a start, a migration or a command before any request is served. */
export const CODES_OUTSIDE: readonly ErrorCode[] = [
  'BASE_SOCKET_DIRECTORY',
  'DATABASE_ACCOUNT_UNUSABLE',
  'DATABASE_ALREADY_RUNNING',
  'DATABASE_DATA_INVALID',
  'DATABASE_DISK_FULL',
  'DATABASE_ENGINE_MISSING',
  'DATABASE_LEFTOVER_PROCESSES',
  'DATABASE_MEMORY_SHORT',
  'DATABASE_MIGRATIONS_INVALID',
  'DATABASE_MIGRATION_FAILED',
  'DATABASE_MIGRATION_LOCKED',
  'DATABASE_NAME_INVALID',
  'DATABASE_SETUP_FAILED',
  'DATABASE_VERSION_MISMATCH',
  'FILES_CREDENTIALS_MISSING',
  'SESSIONS_KEYS_INVALID',
  'SESSIONS_SCHEMA_NEWER',
  'WEB_CONTROL_SOCKET',
  'WEB_HOST_UNAVAILABLE',
  'WEB_PORT_IN_USE',
  'WEB_PORT_PRIVILEGED',
  'WEB_PORT_SHARING',
]

/** The refusal for `code` with the catalogue's own sentence, for the web tier's own refusals. */
export function refusal<Code extends ErrorCode & `WEB_${string}`>(
  code: Code,
  details: ErrorDetails<Code>,
): Refusal {
  const { status, retryAfterSeconds } = STATUSES[code] ?? FAULT
  const { message } = new PlatformError(code, details)
  return { status, code, message, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
}

const FAILED: Refusal = refusal('WEB_HANDLER_FAILED', {})

/**
 * How an error that an application lets through is answered, for example
 * `{ status: 503, code: 'DATABASE_POOL_EXHAUSTED', message: '…', retryAfterSeconds: 1 }`. An error that wraps another
 * as its `cause`, as Drizzle's do, is answered as that one. Pure. For frameworks that answer errors themselves.
 *
 * An error that carries a `status` or `statusCode` from 400 to 499 and is meant for the visitor keeps it with the code
 * `WEB_HANDLER_REFUSED`: those of http-errors and Express say so by `expose`, whose `false` keeps the message back, and
 * Fastify's by their code. Errors of HTTP clients carry a status too, which is another server's answer and not ours.
 * Of every other error nothing but its code is told.
 *
 * `method` is the request's: `GET` may be tried again where a `POST` may have taken effect. Default: a method with
 * effects.
 */
export function refusalOf(error: unknown, method?: string): Refusal {
  const carried = refusalCarried(error)
  if (carried !== undefined) return carried
  const code = codeOf(error)
  const found = code === undefined ? undefined : STATUSES[code]
  if (found === undefined || code === undefined || found === FAULT) return FAILED
  const { status, message, retryAfterSeconds } = isSafe(method) ? (found.safely ?? found) : found
  return {
    status,
    code,
    message: message ?? FAILED.message,
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  }
}

const REFUSED_MESSAGE = new PlatformError('WEB_HANDLER_REFUSED', {}).message

// More than any sentence for a person; some parsers quote the input.
const MESSAGE_MAX_CHARACTERS = 500

/**
 * What `error` itself says of the client. Its causes are not asked: that a service this one called answered 404 does not
 * make our page one. `status` goes before `statusCode`, as in Express.
 */
function refusalCarried(error: unknown): Refusal | undefined {
  if (!(error instanceof Error) || isPlatformError(error)) return undefined
  const { status, statusCode, expose, code } = error as Error & Readonly<Record<string, unknown>>
  if (typeof expose !== 'boolean' && !(typeof code === 'string' && code.startsWith('FST_'))) return undefined
  const carried = status ?? statusCode
  if (typeof carried !== 'number' || !Number.isInteger(carried) || carried < 400 || carried > 499)
    return undefined
  const message = expose === false ? '' : error.message.slice(0, MESSAGE_MAX_CHARACTERS)
  return { status: carried, code: 'WEB_HANDLER_REFUSED', message: message || REFUSED_MESSAGE }
}

function isSafe(method: string | undefined): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}

// Deeper than any library wraps, and a bound for a cause that goes round in a circle.
const MAX_CAUSES = 5

function codeOf(error: unknown): ErrorCode | undefined {
  let at = error
  for (let depth = 0; depth <= MAX_CAUSES && at instanceof Error; depth++) {
    if (isPlatformError(at)) return at.code
    at = at.cause
  }
  return undefined
}
