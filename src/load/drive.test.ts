import { describe, expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { fakeClock } from '../testing/clock.ts'
import { arrivals, expectedArrivals, parseStages, type Stage } from './arrivals.ts'
import { drive } from './drive.ts'
import { createHistogram } from './histogram.ts'

const constant = (rate: number, seconds: number): Stage => ({
  fromRate: rate,
  toRate: rate,
  durationMs: seconds * 1000,
  measured: true,
})

describe('arrivals', () => {
  test('come at the given rate', () => {
    const times = [...arrivals([constant(200, 100)], seededRandom('rate'))]

    // A Poisson count of 20,000 has a standard deviation of 141.
    expect(Math.abs(times.length - 20_000)).toBeLessThan(4 * 141)
  })

  test('have exponential gaps: their standard deviation is their mean', () => {
    const times = [...arrivals([constant(100, 1_000)], seededRandom('gaps'))].map(({ atMs }) => atMs)
    const gaps = times.slice(1).map((at, index) => at - times[index]!)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length

    expect(mean).toBeCloseTo(10, 0)
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1)
  })

  test('follow a ramp: the second half of a rise from 0.1 has three quarters of them', () => {
    const ramp: Stage = { fromRate: 0.1, toRate: 1_000, durationMs: 40_000, measured: true }
    const times = [...arrivals([ramp], seededRandom('ramp'))]

    expect(times.filter(({ atMs }) => atMs >= 20_000).length / times.length).toBeCloseTo(0.75, 1)
    expect(Math.abs(times.length - expectedArrivals(ramp))).toBeLessThan(4 * Math.sqrt(20_000))
  })

  test('are in order and name their stage', () => {
    const times = [...arrivals([constant(50, 1), constant(500, 1)], seededRandom('stages'))]

    expect(times).toEqual(times.toSorted((a, b) => a.atMs - b.atMs))
    expect(times.every(({ atMs, stage }) => stage === Math.floor(atMs / 1000))).toBe(true)
  })

  test('are the same for the same seed', () => {
    const list = (seed: string): unknown[] => [...arrivals([constant(50, 5)], seededRandom(seed))]

    expect(list('7')).toEqual(list('7'))
    expect(list('7')).not.toEqual(list('8'))
  })
})

describe('--rate', () => {
  test('is a constant, steps, or a ramp, after a warm-up at the first rate', () => {
    const shape = (rate: string): unknown[] =>
      parseStages(rate, 10, 5).map((stage) => [
        stage.fromRate,
        stage.toRate,
        stage.durationMs,
        stage.measured,
      ])

    expect(shape('500')).toEqual([
      [500, 500, 5_000, false],
      [500, 500, 10_000, true],
    ])
    expect(shape('100,200').slice(1)).toEqual([
      [100, 100, 10_000, true],
      [200, 200, 10_000, true],
    ])
    expect(shape('100..1000').slice(1)).toEqual([[100, 1000, 10_000, true]])
  })

  test.each(['', 'fast', '0', '-5', '1e9', '100..', '1..2..3', '100,,200'])('refuses "%s"', (rate) => {
    expect(() => parseStages(rate, 10, 0)).toThrow(
      expect.objectContaining({ code: 'LOAD_OPTION_INVALID', message: expect.stringContaining('--rate') }),
    )
  })
})

interface Simulation {
  readonly stages: readonly Stage[]
  readonly maxInFlight: number
  /** When the server answers a request that reaches it at `nowMs`, both since the start. */
  readonly answersAt: (nowMs: number) => number
}

async function simulate({ stages, maxInFlight, answersAt }: Simulation): Promise<{
  readonly latency: ReturnType<typeof createHistogram>
  readonly started: number
  readonly dropped: number
}> {
  const clock = fakeClock()
  const latency = createHistogram()
  let started = 0
  let dropped = 0
  const beganAtMs = clock.monotonic()
  const loop = drive({
    stages,
    random: seededRandom('simulation'),
    clock,
    maxInFlight,
    async start(_, fromMs) {
      started++
      const nowMs = clock.monotonic() - beganAtMs
      await clock.sleep(answersAt(nowMs) - nowMs)
      latency.record(clock.monotonic() - fromMs)
    },
    drop: () => void dropped++,
  })
  await clock.advance(stages.reduce((sum, { durationMs }) => sum + durationMs, 0) + 20_000)
  await loop.arrived
  await loop.settled
  return { latency, started, dropped }
}

describe('the open loop', () => {
  test('starts every arrival while answers are on time', async () => {
    const { latency, started, dropped } = await simulate({
      stages: [constant(100, 10)],
      maxInFlight: 50,
      answersAt: (nowMs) => nowMs + 5,
    })

    expect(started).toBe([...arrivals([constant(100, 10)], seededRandom('simulation'))].length)
    expect(dropped).toBe(0)
    expect(latency.max).toBeLessThanOrEqual(6)
  })

  test('counts a stall of the server for everybody who came during it', async () => {
    // Nothing is answered from second 4 to second 6. A closed loop would see one slow request.
    const { latency, started } = await simulate({
      stages: [constant(100, 10)],
      maxInFlight: 1_000,
      answersAt: (nowMs) => (nowMs >= 4_000 && nowMs < 6_000 ? 6_000 : nowMs + 5),
    })

    const stalled = started * 0.2
    expect(latency.quantile(0.5)).toBeLessThanOrEqual(6)
    // A fifth of all visitors waited 1 s on average: the 90th percentile is in the middle of the stall.
    expect(latency.quantile(0.9)).toBeGreaterThan(800)
    expect(latency.quantile(0.9)).toBeLessThan(1_200)
    expect(latency.max).toBeGreaterThan(1_900)
    expect(latency.sum).toBeGreaterThan(stalled * 800)
  })

  test('drops an arrival at the bound, says so, and never holds it back', async () => {
    const { latency, started, dropped } = await simulate({
      stages: [constant(100, 10)],
      maxInFlight: 10,
      answersAt: (nowMs) => (nowMs < 5_000 ? 5_000 : nowMs + 5),
    })

    const all = [...arrivals([constant(100, 10)], seededRandom('simulation'))]
    expect(started + dropped).toBe(all.length)
    expect(dropped).toBe(all.filter(({ atMs }) => atMs < 5_000).length - 10)
    expect(latency.quantile(0.5)).toBeLessThanOrEqual(6)
  })

  test('ends at once when it is interrupted', async () => {
    const clock = fakeClock()
    const controller = new AbortController()
    let started = 0
    const loop = drive({
      stages: [constant(100, 3_600)],
      random: seededRandom('interrupted'),
      clock,
      maxInFlight: 10,
      signal: controller.signal,
      start: () => Promise.resolve(void started++),
      drop: () => {},
    })
    await clock.advance(1_000)
    const before = started

    controller.abort()
    await loop.arrived
    await loop.settled

    expect(before).toBeGreaterThan(50)
    expect(started).toBe(before)
    expect(clock.pending).toBe(0)
  })
})
