// The samplers against the distributions they promise: chi-squared tests from fixed seeds, so they never fail by chance.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { permutation } from './permutation.ts'
import { geometric, zipf, type RankSampler } from './zipf.ts'

const DRAWS = 200_000

function frequencies(sample: RankSampler, length: number, seed: string): number[] {
  const random = seededRandom(seed)
  const counts = Array.from({ length }, () => 0)
  for (let draw = 0; draw < DRAWS; draw++) counts[sample(random)]!++
  return counts
}

function zipfShares(n: number, exponent: number): number[] {
  const weights = Array.from({ length: n }, (_, rank) => (rank + 1) ** -exponent)
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}

function chiSquared(counts: readonly number[], shares: readonly number[]): number {
  return counts.reduce((sum, count, index) => {
    const expected = shares[index]! * DRAWS
    return sum + (count - expected) ** 2 / expected
  }, 0)
}

describe('zipf', () => {
  test.each([0, 0.3, 0.625, 0.75, 0.8, 0.9, 0.99, 1, 1.2, 2])(
    'draws each rank with its probability at exponent %s',
    (exponent) => {
      const n = 50
      const counts = frequencies(zipf(n, exponent), n, `zipf/${exponent}`)

      // 49 degrees of freedom: 85.4 is exceeded by chance once in a thousand.
      expect(chiSquared(counts, zipfShares(n, exponent))).toBeLessThan(85.4)
    },
  )

  test.each([
    [0.625, 0.165],
    [0.8, 0.326],
    [0.99, 0.574],
  ])('sends to the hottest hundredth of 40,000 at exponent %s the share %s', (exponent, share) => {
    const counts = frequencies(zipf(40_000, exponent), 40_000, 'hottest')

    const hottest = counts.slice(0, 400).reduce((sum, count) => sum + count, 0) / DRAWS
    expect(hottest).toBeCloseTo(share, 2)
  })

  test('stays in its range for every n and exponent', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 ** 31 }),
        fc.double({ min: 0, max: 4, noNaN: true }),
        fc.nat(),
        (n, exponent, seed) => {
          const sample = zipf(n, exponent)
          const random = seededRandom(seed)
          for (let draw = 0; draw < 20; draw++) {
            const rank = sample(random)
            expect(Number.isInteger(rank) && rank >= 0 && rank < n).toBe(true)
          }
        },
      ),
    )
  })
})

describe('geometric', () => {
  test('draws whole numbers from 0 with the given mean', () => {
    const random = seededRandom('geometric')
    const sample = geometric(2)
    const drawn = Array.from({ length: DRAWS }, () => sample(random))

    expect(drawn.reduce((sum, value) => sum + value, 0) / DRAWS).toBeCloseTo(2, 1)
    expect(drawn.filter((value) => value === 0).length / DRAWS).toBeCloseTo(1 / 3, 2)
  })
})

describe('permutation', () => {
  test('gives every number below n exactly once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3_000 }), fc.nat(), (n, seed) => {
        const order = permutation(n, seed)
        const seen = new Set(Array.from({ length: n }, (_, index) => order(index)))

        expect(seen.size).toBe(n)
        expect(Math.max(...seen)).toBe(n - 1)
      }),
    )
  })

  test('is the same for the same seed and another for another', () => {
    const first = (seed: string): number[] =>
      Array.from({ length: 20 }, (_, index) => permutation(1_000, seed)(index))

    expect(first('readers')).toEqual(first('readers'))
    expect(first('readers')).not.toEqual(first('writers'))
  })
})
