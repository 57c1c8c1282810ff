// When requests start. Visitors do not wait for each other, so arrivals are a Poisson process whose rate follows a
// profile of stages; a slow server changes nothing about them. The times are made by inverting the cumulated rate
// ("time rescaling": the k-th arrival is where the integral of the rate reaches the sum of k unit exponentials), which
// is exact for constant and for linearly changing rates.

import { PlatformError } from '../base/errors.ts'
import type { Random } from '../base/random.ts'

/** A part of the run during which the rate is constant or changes evenly. */
export interface Stage {
  /** Arrivals a second at the beginning, above 0. */
  readonly fromRate: number
  /** Arrivals a second at the end. */
  readonly toRate: number
  readonly durationMs: number
  /** False for the warm-up, which is driven and not counted. */
  readonly measured: boolean
}

export interface Arrival {
  /** Milliseconds since the start of the first stage. */
  readonly atMs: number
  /** Index of its stage. */
  readonly stage: number
}

/** Expected number of arrivals of a stage. */
export function expectedArrivals({ fromRate, toRate, durationMs }: Stage): number {
  return (((fromRate + toRate) / 2) * durationMs) / 1000
}

/** The arrivals of all stages in order, lazily. The same seed gives the same times. */
export function* arrivals(stages: readonly Stage[], random: Random): Generator<Arrival, void> {
  let stageStartMs = 0
  let wanted = exponential(random)
  for (const [index, stage] of stages.entries()) {
    const total = expectedArrivals(stage)
    while (wanted <= total) {
      yield { atMs: stageStartMs + timeOfCount(stage, wanted), stage: index }
      wanted += exponential(random)
    }
    // The process has no memory, and what is left of the gap continues at the next stage's rate.
    wanted -= total
    stageStartMs += stage.durationMs
  }
}

function exponential(random: Random): number {
  return -Math.log(1 - random.next())
}

/** Milliseconds into the stage at which `count` arrivals are expected: the root of slope/2·t² + from·t = count. */
function timeOfCount({ fromRate, toRate, durationMs }: Stage, count: number): number {
  const slope = (toRate - fromRate) / (durationMs / 1000)
  const root = Math.sqrt(Math.max(0, fromRate * fromRate + 2 * slope * count))
  // The form without a difference in the numerator stays exact for a slope of 0.
  return Math.min(durationMs, ((2 * count) / (fromRate + root)) * 1000)
}

const FORM =
  'a rate such as 500, steps such as 100,200,400, or a ramp such as 100..1000 (0.1 to 100000 a second)'
const LOWEST_RATE = 0.1
const HIGHEST_RATE = 100_000

/**
 * Reads `--rate`: `500` is constant, `100,200,400` are steps of `seconds` each, `100..1000` rises evenly over
 * `seconds`. A warm-up at the first rate comes before them.
 * @throws LOAD_OPTION_INVALID
 */
export function parseStages(rate: string, seconds: number, warmupSeconds: number): Stage[] {
  const number = (text: string): number => {
    const value = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : Number.NaN
    if (!(value >= LOWEST_RATE && value <= HIGHEST_RATE))
      throw new PlatformError('LOAD_OPTION_INVALID', { option: '--rate', value: rate, expected: FORM })
    return value
  }
  const durationMs = seconds * 1000
  const stages = rate.split(',').map((step): Stage => {
    const ends = step.split('..')
    if (ends.length > 2)
      throw new PlatformError('LOAD_OPTION_INVALID', { option: '--rate', value: rate, expected: FORM })
    return { fromRate: number(ends[0]!), toRate: number(ends.at(-1)!), durationMs, measured: true }
  })
  const firstRate = stages[0]!.fromRate
  const warmup = { fromRate: firstRate, toRate: firstRate, durationMs: warmupSeconds * 1000, measured: false }
  return warmupSeconds > 0 ? [warmup, ...stages] : stages
}
