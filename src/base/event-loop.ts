// How busy the event loop of this process is, of late: the measure that tells a loaded process from one that waits.
//
// The kernel of Node measures; once in a period the figures are taken down and a new period begins, so that any number
// of readers see the same ones.

import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import type { CancelTimer, Clock } from './clock.ts'

/** Of the last whole period. */
export interface EventLoopLoad {
  /** Share of its time that the loop was not waiting for something to do: 0 to 1. */
  readonly utilisation: number
  /** 99th percentile of how late a timer was, in milliseconds. */
  readonly delayP99Ms: number
}

export interface EventLoopWatch {
  /** Zeros until the first period is over. */
  readonly load: EventLoopLoad
  /** Ends it. Twice is fine. */
  stop: CancelTimer
}

const PERIOD_MS = 1_000
// One look every 20 ms costs less than 0.1 % of a core. What Node records is the time from look to look.
const RESOLUTION_MS = 20
const NS_PER_MS = 1e6

/** Measures from now on, in periods of a second. */
export function watchEventLoop(clock: Clock): EventLoopWatch {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  let since = performance.eventLoopUtilization()
  let load: EventLoopLoad = { utilisation: 0, delayP99Ms: 0 }
  delays.enable()
  const cancel = clock.every(PERIOD_MS, () => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, since)
    const p99Ms = delays.percentile(99) / NS_PER_MS - RESOLUTION_MS
    load = { utilisation: rounded(utilization, 1_000), delayP99Ms: rounded(p99Ms, 10) }
    since = now
    delays.reset()
  })
  return {
    get load() {
      return load
    },
    stop() {
      cancel()
      delays.disable()
    },
  }
}

function rounded(value: number, parts: number): number {
  return Math.max(0, Math.round(value * parts) / parts)
}
