// The open loop itself: starts work at the times that the arrival process says, whether or not earlier work has come
// back. Nothing here waits for an answer, so a server that stalls meets every visitor it would have met, and each of
// them counts from the moment it was meant to start (no coordinated omission; Gil Tene, "How not to measure latency").
//
// Bound: at `maxInFlight` an arrival is dropped and said so; it is never held back, for that would close the loop.

import type { Clock } from '../base/clock.ts'
import type { Random } from '../base/random.ts'
import { arrivals, type Arrival, type Stage } from './arrivals.ts'

export interface DriveOptions {
  readonly stages: readonly Stage[]
  readonly random: Random
  readonly clock: Clock
  readonly maxInFlight: number
  /** Ends the run early: no more arrivals. */
  readonly signal?: AbortSignal | undefined
  /**
   * Starts the work of one arrival; the arrival is in flight until it resolves. `fromMs` (monotonic) is what latency
   * counts from. Must not reject.
   */
  start(arrival: Arrival, fromMs: number): Promise<void>
  /** Told of every arrival that found `maxInFlight` in flight. */
  drop(arrival: Arrival): void
}

export interface Drive {
  /** Monotonic time of the first stage's start. */
  readonly startedAtMs: number
  readonly inFlight: number
  /** Resolves when the last stage is over or the signal aborts; work may still be in flight. */
  readonly arrived: Promise<void>
  /** Resolves when, after that, nothing is in flight. */
  readonly settled: Promise<void>
}

export function drive(options: DriveOptions): Drive {
  const { clock } = options
  const startedAtMs = clock.monotonic()
  const settled = Promise.withResolvers<void>()
  let inFlight = 0
  let ended = false
  const leave = (): void => {
    inFlight--
    if (ended && inFlight === 0) settled.resolve()
  }
  const arrive = (arrival: Arrival): void => {
    if (inFlight >= options.maxInFlight) {
      options.drop(arrival)
      return
    }
    inFlight++
    // A timer is whole milliseconds, so an arrival may start up to one early; it then counts from its real start.
    const fromMs = Math.min(startedAtMs + arrival.atMs, clock.monotonic())
    void options.start(arrival, fromMs).finally(leave)
  }
  const arrived = run(options, startedAtMs, arrive).finally(() => {
    ended = true
    if (inFlight === 0) settled.resolve()
  })
  return {
    startedAtMs,
    arrived,
    settled: settled.promise,
    get inFlight() {
      return inFlight
    },
  }
}

async function run(
  { stages, random, clock, signal }: DriveOptions,
  startedAtMs: number,
  arrive: (arrival: Arrival) => void,
): Promise<void> {
  const sleepUntil = async (atMs: number): Promise<void> => {
    const waitMs = Math.floor(atMs - clock.monotonic())
    if (waitMs >= 1) await clock.sleep(waitMs, signal)
  }
  try {
    for (const arrival of arrivals(stages, random)) {
      await sleepUntil(startedAtMs + arrival.atMs)
      if (signal?.aborted) return
      arrive(arrival)
    }
    await sleepUntil(startedAtMs + stages.reduce((sum, { durationMs }) => sum + durationMs, 0))
  } catch (error) {
    if (!signal?.aborted) throw error
  }
}
