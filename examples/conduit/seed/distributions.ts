// How much of everything belongs to whom. The histograms are those of lobste.rs (comments and votes of a story); the
// sum is then brought to the size's exact total, one by one, which moves no thing far.

import type { Random, RankSampler } from 'pando/load'

/** Below this share of the draws `min` to `max`, evenly, or with `tail` by a Pareto law from `min`, cut at `max`. */
interface Band {
  readonly share: number
  readonly min: number
  readonly max: number
  readonly tail?: number
}

/** 83.6 % of the stories have under 10 comments, 11.9 % 10 to 19, 2.5 % 20 to 29, the tail reaches 170. */
export const COMMENTS_OF_ARTICLE: readonly Band[] = [
  { share: 0.836, min: 0, max: 9 },
  { share: 0.119, min: 10, max: 19 },
  { share: 0.025, min: 20, max: 29 },
  { share: 0.02, min: 30, max: 170, tail: 2.5 },
]

/** 41 % of the stories have under 10 votes, 40 % 10 to 19, 11 % 20 to 29, the tail reaches 300. */
export const FAVORITES_OF_ARTICLE: readonly Band[] = [
  { share: 0.41, min: 0, max: 9 },
  { share: 0.4, min: 10, max: 19 },
  { share: 0.11, min: 20, max: 29 },
  { share: 0.08, min: 30, max: 300, tail: 2.6 },
]

export function drawBanded(bands: readonly Band[], random: Random): number {
  let at = random.next()
  const band = bands.find(({ share }) => (at -= share) < 0) ?? bands.at(-1)!
  if (band.tail === undefined) return band.min + random.integer(band.max - band.min + 1)
  return Math.min(band.max, Math.floor(band.min * (1 - random.next()) ** (-1 / band.tail)))
}

/** exp(N(ln median, sigma²)): its mean is median · exp(sigma² / 2). Box and Muller, 1958. */
export function drawLogNormal(median: number, sigma: number, random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next())
  return median * Math.exp(sigma * normal)
}

/**
 * `length` draws, brought to exactly `total`: scaled, then single steps at places drawn at random, none above `max`.
 * `total` is at most `length · max`.
 */
export function drawCounts(
  length: number,
  total: number,
  max: number,
  random: Random,
  draw: (random: Random) => number,
): Uint32Array {
  const drawn = Float64Array.from({ length }, () => Math.min(max, draw(random)))
  const scale = total / Math.max(1, sumOf(drawn))
  const counts = Uint32Array.from(drawn, (value) => Math.min(max, Math.round(value * scale)))
  let missing = total - sumOf(counts)
  while (missing !== 0) {
    const step = Math.sign(missing)
    const at = random.integer(length)
    const changed = counts[at]! + step
    if (changed < 0 || changed > max) continue
    counts[at] = changed
    missing -= step
  }
  return counts
}

/** `count` different numbers below `n`, drawn with `draw`; in a draw that goes on too long the rest are the next free. */
export function drawDistinct(count: number, n: number, random: Random, draw: RankSampler): number[] {
  const chosen = new Set<number>()
  for (let tries = 0; chosen.size < count && tries < 20 * count; tries++) chosen.add(draw(random))
  for (let next = random.integer(n); chosen.size < Math.min(count, n); next = (next + 1) % n) chosen.add(next)
  return [...chosen]
}

/** The sums of all counts before each: where its things begin when all are numbered through. */
export function startsOf(counts: Uint32Array): Float64Array {
  const starts = new Float64Array(counts.length)
  for (let index = 1; index < counts.length; index++) starts[index] = starts[index - 1]! + counts[index - 1]!
  return starts
}

function sumOf(values: Iterable<number>): number {
  let sum = 0
  for (const value of values) sum += value
  return sum
}
