// The decisions as a whole: recorded series that are replayed, and a simulated fleet under load curves. In the fleet a
// server does 100 requests a second and takes 40 at once, and needs two seconds to come; what the servers cannot do waits.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../testing/clock.ts'
import { createAutoscaler, explain, replay, type Recording } from './autoscaler.ts'
import type { Decision, ScalingSettings } from './decide.ts'
import type { Measured } from './measured.ts'
import { MAX_SAMPLES } from './series.ts'

const RECORDED = join(import.meta.dirname, 'recorded')
interface Expected extends Recording {
  readonly title: string
  readonly decisions: readonly string[]
}
const recordings = readdirSync(RECORDED)
  .toSorted()
  .map((file) => JSON.parse(readFileSync(join(RECORDED, file), 'utf8')) as Expected)

describe('a recorded series', () => {
  test.each(recordings)('decides as before: $title', (recorded) => {
    const lines = replay(recorded).map((decision, index) => explain(recorded.samples[index]!, decision))

    expect(lines).toEqual(recorded.decisions)
  })
})

const settings: ScalingSettings = {
  min: 2,
  max: 12,
  targetUtilisation: 0.6,
  maxWaitMs: 50,
  cooldownMs: 120_000,
}
const PER_SECOND = 100
const AT_ONCE = 40
const COMES_MS = 2_000
// From 16 servers to 2, a quarter at a time and a cool-down between two changes, with a reserve.
const SETTLED_SECONDS = 2_000

interface Second {
  readonly servers: number
  readonly utilisation: number
  readonly waitMs: number
}

interface Run {
  readonly seconds: readonly Second[]
  readonly changes: readonly { readonly second: number; readonly decision: Decision }[]
  readonly pendingTimers: number
  readonly held: number
}

/** `noise` gives a share by which a measurement is off, around 0. */
async function run(
  load: (second: number) => number,
  forSeconds: number,
  noise: () => number,
  servers = 2,
  given = settings,
): Promise<Run> {
  const clock = fakeClock()
  let wanted = servers
  let inService = servers
  let comesAtMs = 0
  let backlog = 0
  let waitMs = 0
  let second = 0
  const seconds: Second[] = []
  const changes: { second: number; decision: Decision }[] = []
  const autoscaler = createAutoscaler({
    settings: given,
    clock,
    onDecision(decision) {
      changes.push({ second, decision })
      wanted = decision.count
      inService = Math.min(inService, wanted)
      comesAtMs = clock.monotonic() + COMES_MS
    },
  })
  const measure = (): Measured => {
    const canDo = inService * PER_SECOND
    const asked = load(second) + backlog
    backlog = Math.max(0, asked - canDo)
    const utilisation = Math.min(1, asked / canDo)
    const inFlight = utilisation < 1 ? utilisation / (1 - utilisation) : AT_ONCE
    const own = Math.max(0, backlog - inService * AT_ONCE)
    waitMs = own > 0 ? (own / canDo) * 1_000 : waitMs * 0.5
    seconds.push({ servers: inService, utilisation, waitMs })
    return {
      servers: Array.from({ length: inService }, (_, index) => ({
        name: `web-${index + 1}`,
        utilisation: utilisation * (1 + noise()),
        loopDelayP99Ms: 11 + Math.min(AT_ONCE, inFlight) * 5,
      })),
      active: Math.round(inService * Math.min(AT_ONCE, inFlight)),
      waiting: Math.round(own),
      waitMs,
      inService,
      wanted,
      isChanging: clock.monotonic() < comesAtMs,
      lastChangeFailed: false,
    }
  }
  const cancel = clock.every(1_000, () => {
    if (clock.monotonic() >= comesAtMs) inService = wanted
    autoscaler.observe(measure())
    second++
  })
  await clock.advance(forSeconds * 1_000)
  cancel()
  return { seconds, changes, pendingTimers: clock.pending, held: autoscaler.recording().samples.length }
}

/** A generator of shares within ±`most`, the same for the same seed (mulberry32). */
function noiseOf(seed: number, most: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32 - 0.5) * 2 * most
  }
}

const countsOf = ({ changes }: Run): number[] => changes.map(({ decision }) => decision.count)
const calm = (): number => 0

describe('a simulated fleet', () => {
  test('follows a step in seconds and then stands still', async () => {
    const { seconds, changes } = await run((second) => (second < 60 ? 80 : 500), 1_800, calm)

    expect(seconds.at(-1)!.utilisation).toBeLessThanOrEqual(0.6)
    expect(changes.filter(({ second }) => second > 60 + 60).length).toBeLessThanOrEqual(2)
    expect(seconds.slice(60 + 30).every(({ utilisation }) => utilisation <= 0.6)).toBe(true)
  })

  test('takes the servers away again when the load has gone, each time after a cool-down', async () => {
    const fleet = await run((second) => (second < 60 ? 500 : 50), 2_400, calm, 9)

    expect(fleet.seconds.at(-1)!.servers).toBe(settings.min)
    expect(countsOf(fleet)).toEqual([7, 6, 5, 4, 3, 2])
    const pauses = fleet.changes.slice(1).map(({ second }, index) => second - fleet.changes[index]!.second)
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(settings.cooldownMs / 1_000)
  })

  test('keeps ahead of a ramp', async () => {
    const { seconds } = await run((second) => 100 + second / 2, 1_200, calm)

    expect(Math.max(...seconds.map(({ waitMs }) => waitMs))).toBe(0)
    expect(Math.max(...seconds.map(({ utilisation }) => utilisation))).toBeLessThan(0.8)
  })

  test('stands a flash crowd of ten times the load, and nobody waits any more within half a minute', async () => {
    const fleet = await run((second) => (second < 60 ? 60 : 600), 600, calm)

    expect(countsOf(fleet).at(-1)).toBeGreaterThanOrEqual(10)
    expect(fleet.seconds.slice(60 + 30).every(({ waitMs }) => waitMs < settings.maxWaitMs)).toBe(true)
  })

  test('does not answer a spike of two seconds', async () => {
    const { changes } = await run((second) => (second === 60 || second === 61 ? 190 : 80), 300, calm)

    expect(changes).toEqual([])
  })

  test('holds the most that a load needs which swings faster than the cool-down', async () => {
    const swing = (second: number): number => 300 + 150 * Math.sin((2 * Math.PI * second) / 90)
    const { changes } = await run(swing, 3_600, calm)

    expect(changes.length).toBeLessThanOrEqual(4)
    expect(changes.every(({ second }) => second < 300)).toBe(true)
  })

  test('follows a load that swings in an hour, without a wait', async () => {
    const swing = (second: number): number => 350 - 250 * Math.cos((2 * Math.PI * second) / 3_600)
    const { seconds, changes } = await run(swing, 7_200, calm)

    expect(Math.max(...seconds.map(({ waitMs }) => waitMs))).toBe(0)
    expect(new Set(seconds.map(({ servers }) => servers)).size).toBeGreaterThan(6)
    expect(changes.length).toBeLessThan(60)
  })

  test('asks once for a change, leaves no timer, and holds a bounded series', async () => {
    const { changes, pendingTimers, held } = await run(() => 500, 3_600, calm)

    expect(changes.length).toBeLessThanOrEqual(4)
    expect(pendingTimers).toBe(0)
    expect(held).toBeLessThanOrEqual(MAX_SAMPLES)
  })

  test('under any steady load, measured badly, settles: then at most one change in an hour', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 10, max: 1_500 }),
        fc.integer({ min: 1, max: 16 }),
        fc.integer(),
        async (load, servers, seed) => {
          const { seconds, changes } = await run(
            () => load,
            SETTLED_SECONDS + 3_600,
            noiseOf(seed, 0.08),
            servers,
          )

          expect(changes.filter(({ second }) => second > SETTLED_SECONDS).length).toBeLessThanOrEqual(1)
          const needed = Math.min(settings.max, Math.max(settings.min, Math.ceil(load / PER_SECOND / 0.6)))
          const end = seconds.at(-1)!
          expect(end.servers).toBeGreaterThanOrEqual(needed)
          expect(end.servers).toBeLessThanOrEqual(Math.min(settings.max, Math.max(settings.min, needed + 2)))
        },
      ),
      { numRuns: 8 },
    )
  }, 60_000)

  test('under any load and any settings, is changed by nobody during a change and stays within its bounds', async () => {
    const curve = fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(
        curve,
        fc.integer({ min: 1, max: 5 }),
        fc.nat(6),
        fc.integer(),
        async (steps, min, more, seed) => {
          const given = { ...settings, min, max: min + more, cooldownMs: 30_000 }
          const load = (second: number): number => steps[Math.floor(second / 30) % steps.length]!
          const { changes } = await run(load, 900, noiseOf(seed, 0.1), min, given)

          expect(changes.every(({ decision: { count } }) => count >= min && count <= min + more)).toBe(true)
          const pauses = changes.slice(1).map(({ second }, index) => second - changes[index]!.second)
          expect(pauses.every((pause) => pause > COMES_MS / 1_000)).toBe(true)
          expect(changes.every(({ decision: { reason } }) => reason.includes('→'))).toBe(true)
        },
      ),
      { numRuns: 25 },
    )
  }, 60_000)
})
