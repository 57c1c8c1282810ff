// What the file system says, in the words of the `files` tier.

import { describeError, isPlatformError, PlatformError } from '../../base/errors.ts'

// EFBIG is what a process under a file size limit gets, and what a file system gives for one file it cannot hold.
const NO_SPACE: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

/** The operating error for `error`, which came up when `operation` was carried out below `root`. */
export function filesError(error: unknown, operation: string, root: string): PlatformError {
  if (isPlatformError(error)) return error
  // Node's own messages begin with the code already.
  const reason = codeOf(error) !== undefined && error instanceof Error ? error.message : describeError(error)
  return NO_SPACE.has(codeOf(error))
    ? new PlatformError('FILES_NO_SPACE', { root, reason }, { cause: error })
    : new PlatformError('FILES_UNAVAILABLE', { operation, root, reason }, { cause: error })
}

export function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
