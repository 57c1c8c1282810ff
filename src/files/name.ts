// Which names a file may have. A name is a relative path of segments joined by `/`, the same on every driver: what is
// legal on a laptop is legal in a bucket. Case is kept and matters, and `a` beside `a/b` is legal.
//
// The rules keep names printable, free of whatever a shell, a URL, a header or a file system could read as more than a
// letter, and in one Unicode form, so that two names that look alike to a person are not two files.

import { PlatformError } from '../base/errors.ts'

/** In UTF-8, as S3 limits keys. */
export const NAME_MAX_BYTES = 1024
/** In UTF-8, as file systems limit file names. */
export const SEGMENT_MAX_BYTES = 255

const SEGMENT = /^[\p{L}\p{M}\p{N}\-._~!$'()+,=@ ]+$/u

/** First segments that Pando keeps for itself. */
const RESERVED: ReadonlySet<string> = new Set(['.pando'])

/** What is wrong with `name`, as the end of a sentence; undefined when it is a legal name. */
export function nameProblem(name: string): string | undefined {
  if (typeof name !== 'string') return 'it is not text'
  if (name === '') return 'it is empty'
  if (Buffer.byteLength(name) > NAME_MAX_BYTES) return `it is longer than ${NAME_MAX_BYTES} bytes`
  if (name.startsWith('/')) return 'it begins with a slash'
  if (!name.isWellFormed() || name !== name.normalize('NFC')) return 'it is not text in Unicode form NFC'
  const segments = name.split('/')
  for (const segment of segments) {
    const problem = segmentProblem(segment)
    if (problem !== undefined) return problem
  }
  return RESERVED.has(segments[0]!.toLowerCase()) ? `${segments[0]} is reserved` : undefined
}

function segmentProblem(segment: string): string | undefined {
  if (segment === '') return 'a segment is empty'
  if (segment === '.' || segment === '..') return `a segment is ${segment}`
  if (Buffer.byteLength(segment) > SEGMENT_MAX_BYTES)
    return `a segment is longer than ${SEGMENT_MAX_BYTES} bytes`
  if (!SEGMENT.test(segment))
    return "a segment has a character other than letters, digits, spaces and - . _ ~ ! $ ' ( ) + , = @"
  if (segment !== segment.trim()) return 'a segment begins or ends with a space'
  return undefined
}

/** @throws FILES_NAME_INVALID */
export function checkName(name: string): void {
  const problem = nameProblem(name)
  if (problem !== undefined) throw new PlatformError('FILES_NAME_INVALID', { name: shown(name), problem })
}

const SHOWN_MAX_CHARACTERS = 100

/** Escaped and cut, because it may be an attack on whoever reads the log. */
function shown(name: unknown): string {
  return JSON.stringify(String(name).slice(0, SHOWN_MAX_CHARACTERS))
}
