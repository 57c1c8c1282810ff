// Which of n things is asked for. Web requests follow Zipf's law with an exponent that is usually below 1 (Breslau et
// al., INFOCOM 1999), which rules out the common samplers for exponents above 1. Rejection-inversion (W. Hörmann and
// G. Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS 6(3),
// 1996) covers every exponent, is exact, needs no table and so starts at once for any n.

import { strict as assert } from 'node:assert'
import type { Random } from '../base/random.ts'

/** Draws a rank from 0 (the most popular) to n - 1. */
export type RankSampler = (random: Random) => number

/**
 * Rank r (from 0) is drawn with probability proportional to 1 / (r + 1)^exponent.
 * @param n at least 1 and at most 2^31.
 * @param exponent at least 0; 0 is uniform.
 */
export function zipf(n: number, exponent: number): RankSampler {
  assert(Number.isInteger(n) && n >= 1 && n <= 2 ** 31, `zipf: n is ${n}`)
  assert(Number.isFinite(exponent) && exponent >= 0, `zipf: exponent is ${exponent}`)
  if (n === 1) return () => 0
  if (exponent === 0) return (random) => random.integer(n)

  const density = (x: number): number => Math.exp(-exponent * Math.log(x))
  // The antiderivative of `density` and its inverse, written with expm1 and log1p because the closed forms cancel
  // catastrophically near exponent 1.
  const area = (x: number): number => {
    const logX = Math.log(x)
    return quotient(Math.expm1, (1 - exponent) * logX) * logX
  }
  const inverse = (y: number): number => {
    const t = Math.max(-1, y * (1 - exponent))
    return Math.exp(quotient(Math.log1p, t) * y)
  }
  const lowest = area(1.5) - 1
  const highest = area(n + 0.5)
  // Closer to its integer than this, a point is accepted without a further look (the paper's "squeeze").
  const squeeze = 2 - inverse(area(2.5) - density(2))

  return (random) => {
    for (;;) {
      const y = highest + random.next() * (lowest - highest)
      const x = inverse(y)
      const k = Math.min(n, Math.max(1, Math.round(x)))
      if (k - x <= squeeze || y >= area(k + 0.5) - density(k)) return k - 1
    }
  }
}

/** f(t) / t for the functions f whose quotient tends to 1 at t = 0. */
function quotient(f: (t: number) => number, t: number): number {
  return Math.abs(t) > 1e-8 ? f(t) / t : 1
}

/** Draws the number of failures before a success of probability 1 / (mean + 1): 0, 1, 2, … with this mean. */
export function geometric(mean: number): RankSampler {
  const logFailure = Math.log(mean / (mean + 1))
  return (random) => (mean <= 0 ? 0 : Math.floor(Math.log(1 - random.next()) / logFailure))
}
