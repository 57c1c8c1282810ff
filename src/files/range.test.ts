import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRangeHeader, resolveRange } from './range.ts'

describe('a Range header', () => {
  test.each([
    ['bytes=0-99', { start: 0, end: 99 }],
    ['bytes=5-', { start: 5 }],
    ['bytes=-5', { suffix: 5 }],
    ['BYTES=1-1', { start: 1, end: 1 }],
    ['bytes=99999999999999999999-', { start: Number.MAX_SAFE_INTEGER }],
  ])('%s asks for one range', (header, range) => {
    expect(parseRangeHeader(header)).toEqual(range)
  })

  test.each([
    null,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=5-4',
    'bytes=0-1,3-4',
    'items=0-1',
    'bytes=a-b',
    'bytes=0x1-2',
  ])('%s is ignored', (header) => {
    expect(parseRangeHeader(header)).toBeUndefined()
  })
})

test('a resolved range lies inside the content, whatever was asked for', () => {
  const number = fc.oneof(fc.integer({ min: -3, max: 20 }), fc.double(), fc.maxSafeInteger())
  const range = fc.oneof(
    fc.record({ suffix: number }),
    fc.record({ start: number }),
    fc.record({ start: number, end: number }),
  )
  fc.assert(
    fc.property(range, fc.nat(20), (asked, sizeBytes) => {
      const resolved = resolveRange(asked, sizeBytes)
      if (resolved === undefined) return true
      const { start, end } = resolved
      return (
        Number.isSafeInteger(start) &&
        Number.isSafeInteger(end) &&
        0 <= start &&
        start <= end &&
        end < sizeBytes
      )
    }),
  )
})
