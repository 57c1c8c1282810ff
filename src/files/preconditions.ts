// What a request's conditional headers ask for, by RFC 9110 §13.2.2, as a pure function of the headers and the file.

import type { FileInfo } from './files.ts'

export type Verdict = 'send' | 'not-modified' | 'precondition-failed'

/** For GET and HEAD. Malformed headers are ignored, as §13.1.3 and §13.1.4 say of dates. */
export function evaluatePreconditions(headers: Headers, file: FileInfo): Verdict {
  const ifMatch = headers.get('if-match')
  if (ifMatch !== null) {
    if (!listsEtag(ifMatch, file.etag, 'strong')) return 'precondition-failed'
  } else {
    const unmodifiedSinceMs = dateOf(headers.get('if-unmodified-since'))
    if (unmodifiedSinceMs !== undefined && wholeSeconds(file) > unmodifiedSinceMs)
      return 'precondition-failed'
  }
  const ifNoneMatch = headers.get('if-none-match')
  if (ifNoneMatch !== null) return listsEtag(ifNoneMatch, file.etag, 'weak') ? 'not-modified' : 'send'
  const modifiedSinceMs = dateOf(headers.get('if-modified-since'))
  return modifiedSinceMs !== undefined && wholeSeconds(file) <= modifiedSinceMs ? 'not-modified' : 'send'
}

/**
 * Whether the Range header counts for this file (§13.1.5): there is no If-Range, or it names exactly this version. A
 * date never does: a file may be replaced twice within its second.
 */
export function rangeApplies(headers: Headers, file: FileInfo): boolean {
  const ifRange = headers.get('if-range')
  return ifRange === null || ifRange.trim() === file.etag
}

function listsEtag(header: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (header.trim() === '*') return true
  // Our tags have no comma inside, so one that has cannot match and may be cut in pieces.
  return header
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry === etag || (comparison === 'weak' && entry === `W/${etag}`))
}

function dateOf(header: string | null): number | undefined {
  const parsed = header === null ? Number.NaN : Date.parse(header)
  return Number.isNaN(parsed) ? undefined : parsed
}

/** HTTP dates have no milliseconds. */
function wholeSeconds(file: FileInfo): number {
  return Math.floor(file.modifiedAt.getTime() / 1000) * 1000
}
