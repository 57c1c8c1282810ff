// What an S3-compatible store says, in the words of the `files` tier. Pure.

import { describeError, isPlatformError, PlatformError } from '../../base/errors.ts'
import { xmlText } from './s3-xml.ts'

/** An answer that is no success. */
export interface S3Failure {
  readonly status: number
  /** The document of the answer; empty for HEAD. */
  readonly text: string
}

export function codeOf({ text }: S3Failure): string | undefined {
  return xmlText(text, 'Code')
}

// The first three are how servers of the web say it, the last how S3 does.
const BUSY: ReadonlySet<number> = new Set([408, 425, 429])
const BUSY_CODES: ReadonlySet<string> = new Set([
  'RequestTimeout',
  'SlowDown',
  'InternalError',
  'OperationAborted',
])

/** Whether the same request may succeed in a moment. */
export function isPassing(failure: S3Failure): boolean {
  const { status } = failure
  return (
    (status >= 500 && status !== 501 && status !== 507) ||
    BUSY.has(status) ||
    BUSY_CODES.has(codeOf(failure) ?? '')
  )
}

const REASON_MAX_CHARACTERS = 300

/** The operating error for a failure that is left after all attempts. */
export function refusedError(failure: S3Failure, operation: string, root: string): PlatformError {
  const code = codeOf(failure)
  const said = [failure.status, code, xmlText(failure.text, 'Message')].filter((part) => part !== undefined)
  const reason = said.join(' ').replaceAll(/\s+/g, ' ').slice(0, REASON_MAX_CHARACTERS)
  if (code === 'NoSuchBucket') return new PlatformError('FILES_BUCKET_MISSING', { root })
  if (failure.status === 507 || code === 'QuotaExceeded')
    return new PlatformError('FILES_NO_SPACE', { root, reason })
  return isPassing(failure) || failure.status === 404 || failure.status === 412
    ? new PlatformError('FILES_UNAVAILABLE', { operation, root, reason })
    : new PlatformError('FILES_BUCKET_REFUSED', { operation, root, reason })
}

/** The operating error for a connection that failed or stayed silent. */
export function brokenError(error: unknown, operation: string, root: string): PlatformError {
  if (isPlatformError(error)) return error
  // `fetch` wraps what happened in a TypeError that says "fetch failed".
  const inner = error instanceof TypeError && error.cause !== undefined ? error.cause : error
  const reason = describeError(inner)
  return new PlatformError('FILES_UNAVAILABLE', { operation, root, reason }, { cause: error })
}
