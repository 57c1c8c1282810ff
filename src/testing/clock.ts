// A clock that stands still until a test moves it. Timers and sleeps fire in the order of their times, equal times in
// the order they were set, and what each one starts is given a turn of the event loop before the next one fires.

import assert from 'node:assert/strict'
import type { CancelTimer, Clock } from '../base/clock.ts'

export interface FakeClock extends Clock {
  /**
   * Moves time on by `ms`, firing everything that falls due on the way, timers set meanwhile included. A callback that
   * throws rejects it. Not to be called again before it has resolved.
   */
  advance(ms: number): Promise<void>
  /** Sets the date forward or back, as an administrator does: `now` jumps, `monotonic` and timers do not notice. */
  jump(ms: number): void
  /** How many timers and sleeps wait. 0 at the end of a test says that nothing was leaked. */
  readonly pending: number
}

interface Timer {
  atMs: number
  readonly everyMs: number | undefined
  readonly callback: () => void
}

const MAX_FIRED = 100_000

/** A clock that stands at `startMs` (milliseconds since 1970 UTC, default 2026-01-01T00:00:00Z). */
export function fakeClock(startMs: number = Date.UTC(2026, 0, 1)): FakeClock {
  let elapsedMs = 0
  let jumpedMs = 0
  let isAdvancing = false
  // A set keeps the order of insertion, which settles equal times.
  const timers = new Set<Timer>()

  const set = (ms: number, callback: () => void, everyMs?: number): CancelTimer => {
    assert(ms >= 0 && ms < 2 ** 31, `a timer takes 0 to 2^31-1 ms, not ${ms}`)
    const timer: Timer = { atMs: elapsedMs + ms, everyMs, callback }
    timers.add(timer)
    return () => void timers.delete(timer)
  }
  const nextBy = (limitMs: number): Timer | undefined => {
    let next: Timer | undefined
    for (const timer of timers)
      if (timer.atMs <= limitMs && (next === undefined || timer.atMs < next.atMs)) next = timer
    return next
  }
  const fire = (timer: Timer): void => {
    elapsedMs = timer.atMs
    timers.delete(timer)
    if (timer.everyMs !== undefined) {
      timer.atMs += timer.everyMs
      timers.add(timer)
    }
    timer.callback()
  }
  const runTo = async (targetMs: number): Promise<void> => {
    await turn()
    for (let fired = 0; ; fired++) {
      const timer = nextBy(targetMs)
      if (timer === undefined) break
      assert(fired < MAX_FIRED, `more than ${MAX_FIRED} timers fired in one advance`)
      fire(timer)
      await turn()
    }
    elapsedMs = targetMs
  }

  return {
    now: () => startMs + elapsedMs + jumpedMs,
    monotonic: () => elapsedMs,
    sleep: (ms, signal) => sleep(set, ms, signal),
    after: (ms, callback) => set(ms, callback),
    every: (ms, callback) => set(Math.max(1, ms), callback, Math.max(1, ms)),
    async advance(ms) {
      assert(!isAdvancing, 'the clock is being advanced already')
      assert(ms >= 0, 'time does not go back; `jump` sets the date')
      isAdvancing = true
      try {
        await runTo(elapsedMs + ms)
      } finally {
        isAdvancing = false
      }
    },
    jump(ms) {
      jumpedMs += ms
    },
    get pending() {
      return timers.size
    },
  }
}

function sleep(
  set: (ms: number, callback: () => void) => CancelTimer,
  ms: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  if (signal?.aborted) {
    reject(signal.reason)
    return promise
  }
  const onAbort = (): void => {
    cancel()
    reject(signal?.reason)
  }
  const cancel = set(ms, () => {
    signal?.removeEventListener('abort', onAbort)
    resolve()
  })
  signal?.addEventListener('abort', onAbort, { once: true })
  return promise
}

/** Lets every promise that is ready run its course. */
function turn(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  setImmediate(resolve)
  return promise
}
