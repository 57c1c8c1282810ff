import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createHistogram, LARGEST_VALUE, RELATIVE_ERROR } from './histogram.ts'

/** What the definition of `quantile` says, from all the values. */
function exactQuantile(values: readonly number[], quantile: number): number {
  const rank = Math.max(1, Math.ceil(quantile * values.length))
  return values.toSorted((a, b) => a - b)[rank - 1]!
}

function histogramOf(values: readonly number[]): ReturnType<typeof createHistogram> {
  const histogram = createHistogram()
  for (const value of values) histogram.record(value)
  return histogram
}

describe('a histogram', () => {
  test('is empty at first, and all its figures are 0', () => {
    const histogram = createHistogram()

    expect([histogram.count, histogram.max, histogram.mean, histogram.quantile(0.99)]).toEqual([0, 0, 0, 0])
  })

  test('gives values below 256 exactly', () => {
    const histogram = histogramOf(Array.from({ length: 256 }, (_, value) => value))

    expect([0.5, 0.9, 1].map((quantile) => histogram.quantile(quantile))).toEqual([127, 230, 255])
  })

  test('never gives a quantile below the true one, nor more than its error above it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: LARGEST_VALUE }), { minLength: 1, maxLength: 200 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, quantile) => {
          const exact = exactQuantile(values, quantile)
          const given = histogramOf(values).quantile(quantile)

          expect(given).toBeGreaterThanOrEqual(exact)
          expect(given).toBeLessThanOrEqual(exact * (1 + RELATIVE_ERROR))
        },
      ),
    )
  })

  test('keeps the count, the sum and the maximum exactly', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1e9 }), { minLength: 1 }), (values) => {
        const histogram = histogramOf(values)

        expect(histogram.count).toBe(values.length)
        expect(histogram.sum).toBe(values.reduce((sum, value) => sum + value, 0))
        expect(histogram.max).toBe(Math.max(...values))
      }),
    )
  })

  test('joined with another is the histogram of all values', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.array(fc.nat()), (some, others) => {
        const joined = histogramOf(some)
        joined.add(histogramOf(others))

        const all = histogramOf([...some, ...others])
        expect([...joined.counts]).toEqual([...all.counts])
        expect([joined.count, joined.sum, joined.max]).toEqual([all.count, all.sum, all.max])
      }),
    )
  })

  test('counts a value beyond its range as the largest', () => {
    expect(histogramOf([LARGEST_VALUE * 2]).max).toBe(LARGEST_VALUE)
  })
})
