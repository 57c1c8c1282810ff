// Byte ranges by RFC 9110 §14.1.2, as pure arithmetic.

import type { ByteRange } from './files.ts'

/** First and last byte, inclusive. */
export interface ResolvedRange {
  readonly start: number
  readonly end: number
}

/**
 * The bytes that `range` selects of a content of `sizeBytes`; undefined when it selects none of them (§15.5.17: begins
 * behind the end, an empty suffix, or an empty content) or is no range (negative, fractional, end before start).
 */
export function resolveRange(range: ByteRange, sizeBytes: number): ResolvedRange | undefined {
  if ('suffix' in range) {
    if (!isPosition(range.suffix) || range.suffix === 0 || sizeBytes === 0) return undefined
    return { start: Math.max(0, sizeBytes - range.suffix), end: sizeBytes - 1 }
  }
  const { start, end = sizeBytes - 1 } = range
  if (!isPosition(start) || start >= sizeBytes || !isPosition(end) || end < start) return undefined
  return { start, end: Math.min(end, sizeBytes - 1) }
}

function isPosition(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

/** `bytes=0-99` and `bytes=-5`, as in a Range header. */
export function describeRange(range: ByteRange): string {
  return 'suffix' in range ? `bytes=-${range.suffix}` : `bytes=${range.start}-${range.end ?? ''}`
}

const SINGLE_RANGE = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i

/**
 * The range of a Range header; undefined when the header is to be ignored: malformed, another unit, or several ranges,
 * which a server need not serve (§14.2).
 */
export function parseRangeHeader(header: string | null): ByteRange | undefined {
  const parts = header === null ? null : SINGLE_RANGE.exec(header)
  if (parts === null) return undefined
  const [first, last] = [parts[1]!, parts[2]!]
  if (first === '') return last === '' ? undefined : { suffix: position(last) }
  if (last === '') return { start: position(first) }
  return position(last) < position(first) ? undefined : { start: position(first), end: position(last) }
}

/** Digits beyond what a number holds exactly are beyond the end of every content all the same. */
function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER)
}
