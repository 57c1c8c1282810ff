import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decideServers, type Decision, type ScalingSettings } from './decide.ts'
import { EMPTY_SERIES, MAX_SAMPLES, record, type LoadSample, type LoadSeries } from './series.ts'

const settings: ScalingSettings = {
  min: 2,
  max: 8,
  targetUtilisation: 0.6,
  maxWaitMs: 50,
  cooldownMs: 120_000,
}

function sample(atMs: number, wanted: number, busy: number, change: Partial<LoadSample> = {}): LoadSample {
  const servers = Array.from({ length: wanted }, (_, index) => ({
    name: `web-${index + 1}`,
    utilisation: busy,
    loopDelayP99Ms: 12,
  }))
  const calm = { active: 10, waiting: 0, waitMs: 0, isChanging: false, lastChangeFailed: false }
  return { atMs, servers, wanted, inService: wanted, ...calm, ...change }
}

/** One sample a second, the last one at `forMs`. */
function steady(
  forMs: number,
  wanted: number,
  busy: (atMs: number) => number,
  change: (atMs: number) => Partial<LoadSample> = () => ({}),
): LoadSeries {
  let series = EMPTY_SERIES
  for (let atMs = 0; atMs <= forMs; atMs += 1_000)
    series = record(series, sample(atMs, wanted, busy(atMs), change(atMs)), settings.cooldownMs)
  return series
}

const decided = (series: LoadSeries, lastChangeMs = 0): Decision =>
  decideServers(series, settings, series.samples.at(-1)!.atMs, lastChangeMs)

describe('adding servers', () => {
  test('as many are wanted as keep the utilisation of ten seconds at the target', () => {
    expect(decided(steady(10_000, 3, () => 0.83))).toEqual({
      count: 5,
      reason: 'utilisation 0.83 over 10 s, target 0.60: 3 → 5',
    })
  })

  test('at the target none is added', () => {
    expect(decided(steady(10_000, 3, () => 0.6)).count).toBe(3)
  })

  test('they are at most doubled at a time', () => {
    const hard = { ...settings, targetUtilisation: 0.2 }
    const series = steady(10_000, 2, () => 1)

    expect(decideServers(series, hard, 10_000, 0).count).toBe(4)
  })

  test('there are never more than `max`, and the reason says so', () => {
    expect(decided(steady(10_000, 7, () => 1))).toMatchObject({ count: 8 })
    expect(decided(steady(10_000, 8, () => 1))).toEqual({
      count: 8,
      reason: 'utilisation 1.00 over 10 s, target 0.60; 8 is the most there may be',
    })
  })

  test('one sample, or several that are not together, add none', () => {
    const outliers = new Set([3_000, 6_000, 9_000, 10_000])

    expect(decided(steady(10_000, 3, (atMs) => (outliers.has(atMs) ? 1 : 0.4))).count).toBe(3)
  })

  test('three samples in which requests wait too long add some at once, as many as would take all of them', () => {
    const queue = { waiting: 45, active: 90, waitMs: 120 }
    const series = steady(
      2_000,
      3,
      () => 0.7,
      () => queue,
    )

    expect(decided(series)).toEqual({
      count: 5,
      reason: '45 requests wait, 120 ms of late, at most 50 ms: 3 → 5',
    })
  })

  test('a wait within `maxWaitMs`, or that only the mean remembers, adds none', () => {
    const short = steady(
      10_000,
      3,
      () => 0.5,
      () => ({ waiting: 4, waitMs: 40 }),
    )
    const over = steady(
      10_000,
      3,
      () => 0.5,
      () => ({ waiting: 0, waitMs: 400 }),
    )

    expect([decided(short).count, decided(over).count]).toEqual([3, 3])
  })

  test('event loops that come late to their work add some at once when they are busier than the target too', () => {
    const late = (busy: number): LoadSeries => {
      const servers = [1, 2].map((index) => ({
        name: `web-${index}`,
        utilisation: busy,
        loopDelayP99Ms: 140,
      }))
      return steady(
        2_000,
        2,
        () => busy,
        () => ({ servers }),
      )
    }

    expect(decided(late(0.97))).toEqual({
      count: 4,
      reason: 'event loops are 140 ms late, at most 50 ms, at utilisation 0.97: 2 → 4',
    })
    expect(decided(late(0.3)).count).toBe(2)
  })

  test('requests that wait before idle servers add one, not at once, and the reason says what to look at', () => {
    const wait = (): Partial<LoadSample> => ({ waiting: 20, active: 20, waitMs: 300 })

    expect(decided(steady(5_000, 2, () => 0.05, wait)).count).toBe(2)
    expect(decided(steady(10_000, 2, () => 0.05, wait))).toEqual({
      count: 3,
      reason:
        'requests wait for 10 s now, though utilisation is 0.05: the servers may wait for something else: 2 → 3',
    })
  })
})

describe('taking servers away', () => {
  test('the most that the cool-down needed decides, with a margin below the target', () => {
    expect(decided(steady(120_000, 3, () => 0.3))).toEqual({
      count: 2,
      reason: 'at most 0.90 servers busy for 120 s, target 0.60: 3 → 2',
    })
    expect(decided(steady(120_000, 3, () => 0.37)).count).toBe(3)
  })

  test('none is taken away before the cool-down is over, or its time is not known', () => {
    expect(
      decided(
        steady(120_000, 3, () => 0.1),
        30_000,
      ),
    ).toEqual({
      count: 3,
      reason: 'utilisation 0.10 over 10 s, target 0.60: 2 would do, none is taken away for 30 s',
    })
    expect(
      decided(
        steady(20_000, 3, () => 0.1),
        -1_000_000,
      ).count,
    ).toBe(3)
  })

  test('a busy spell within the cool-down keeps them', () => {
    const series = steady(120_000, 3, (atMs) => (atMs >= 20_000 && atMs < 25_000 ? 0.5 : 0.1))

    expect(decided(series).count).toBe(3)
  })

  test('an outlier within the cool-down does not', () => {
    const series = steady(120_000, 3, (atMs) => (atMs === 60_000 ? 1 : 0.1))

    expect(decided(series).count).toBe(2)
  })

  test('at most a quarter go at a time, and never below `min`', () => {
    expect(decided(steady(120_000, 8, () => 0.01)).count).toBe(6)
    expect(decided(steady(120_000, 2, () => 0)).count).toBe(2)
  })

  test('none goes that the requests in work need: what a server held when others waited is remembered', () => {
    const full = (atMs: number): Partial<LoadSample> =>
      atMs < 15_000 ? { active: 200, waiting: 10, waitMs: 80, inService: 2 } : { active: 190 }
    const held = steady(400_000, 3, () => 0.05, full)
    const seen = record(EMPTY_SERIES, sample(0, 2, 0.05, { active: 200, waiting: 10 }), 1)

    expect(decided({ ...held, roomPerServer: seen.roomPerServer }).count).toBe(3)
    expect(decided({ ...held, roomPerServer: undefined }).count).toBe(2)
  })
})

describe('nothing is decided', () => {
  const busy = (change: Partial<LoadSample>): Decision =>
    decided(
      steady(
        10_000,
        3,
        () => 1,
        (atMs) => (atMs === 10_000 ? change : {}),
      ),
    )

  test('while a change is under way', () => {
    expect(busy({ isChanging: true })).toEqual({ count: 3, reason: 'a change is under way' })
  })

  test('while a server is not in service, or its figures are missing', () => {
    expect(busy({ inService: 2 })).toEqual({ count: 3, reason: '2 of 3 web servers are in service' })
    expect(busy({ servers: [] })).toEqual({ count: 3, reason: 'figures of 0 of 3 web servers' })
  })

  test('on figures from before the last change', () => {
    expect(
      decided(
        steady(10_000, 3, () => 1),
        5_000,
      ),
    ).toEqual({
      count: 3,
      reason: '5 s of figures since the last change, 8 s needed',
    })
  })

  test('on figures that are old', () => {
    const series = steady(10_000, 3, () => 1)

    expect(decideServers(series, settings, 30_000, 0)).toEqual({
      count: 3,
      reason: 'the last figures are 20 s old',
    })
  })

  test('for a cool-down after a change that failed', () => {
    const failed = steady(
      130_000,
      3,
      () => 1,
      () => ({ lastChangeFailed: true }),
    )

    expect(decided(failed, 100_000)).toEqual({
      count: 3,
      reason: 'the last change failed, the next is tried in 90 s',
    })
    expect(decided(failed, 5_000).count).toBe(5)
  })
})

test('a count outside of `min` and `max` is brought inside at once', () => {
  expect(decided(steady(0, 1, () => 0))).toEqual({ count: 2, reason: 'at least 2: 1 → 2' })
  expect(decided(steady(0, 9, () => 1))).toEqual({ count: 8, reason: 'at most 8: 9 → 8' })
})

describe('a series', () => {
  test('is bounded however often and however long is measured', () => {
    let series = EMPTY_SERIES
    for (let atMs = 0; atMs < 3_000_000; atMs += 150) series = record(series, sample(atMs, 2, 0.5), 3_600_000)

    expect(series.samples.length).toBeLessThanOrEqual(MAX_SAMPLES)
    expect(series.samples[0]!.atMs).toBeLessThan(12_000)
  })

  test('keeps the busiest of what it condenses', () => {
    let series = EMPTY_SERIES
    for (let atMs = 0; atMs <= 1_800_000; atMs += 1_000)
      series = record(series, sample(atMs, 2, atMs === 600_000 ? 0.9 : 0.1), 3_600_000)

    expect(series.samples.some(({ servers }) => servers[0]!.utilisation === 0.9)).toBe(true)
  })

  test('is not changed by what is recorded after it', () => {
    const before = steady(5_000, 2, () => 0.5)
    const samples = [...before.samples]

    record(before, sample(6_000, 2, 0.9), 1_000)

    expect(before.samples).toEqual(samples)
  })
})

test('whatever is measured, a decision is within the bounds or leaves things as they are', () => {
  const figure = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(-1, 2, Number.NaN))
  const measured = fc.record({
    wanted: fc.integer({ min: 0, max: 12 }),
    inService: fc.integer({ min: 0, max: 12 }),
    busy: figure,
    waiting: fc.nat(1_000),
    waitMs: fc.nat(1_000),
    isChanging: fc.boolean(),
  })
  fc.assert(
    fc.property(fc.array(measured, { minLength: 1, maxLength: 60 }), (all) => {
      let series = EMPTY_SERIES
      for (const [index, { wanted, busy, ...change }] of all.entries()) {
        series = record(series, sample(index * 1_000, wanted, busy, change), settings.cooldownMs)
        const { count, reason } = decided(series)
        const mayBe = [wanted, ...Array.from({ length: 7 }, (_, more) => more + 2)]

        expect(mayBe).toContain(count)
        expect(reason).not.toMatch(/NaN|undefined|Infinity/)
      }
    }),
  )
})
