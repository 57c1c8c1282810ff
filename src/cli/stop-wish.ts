// What signals ask of a command that starts or stops everything: once is a clean stop, twice a faster one. A wrapper
// (npm, bin/pando.js) passes on a signal that the terminal has sent to us as well, so two within a moment are one.

import type { Clock } from '../base/clock.ts'
import type { StopWish } from '../supervisor/watchdog.ts'

const SAME_SIGNAL_MS = 400

export interface StopWishes {
  readonly wish: StopWish
  /** Listens no longer. */
  close(): void
}

/** `onWish` is called at each step: `clean`, then `fast`, then `leave`: the person does not want to wait at all. */
export function listenForStop(clock: Clock, onWish: (wish: StopWish | 'leave') => void): StopWishes {
  let wish: StopWish = 'none'
  let lastMs = Number.NEGATIVE_INFINITY
  const listener = (signal: NodeJS.Signals): void => {
    const nowMs = clock.monotonic()
    if (nowMs - lastMs < SAME_SIGNAL_MS) return
    lastMs = nowMs
    // A closed terminal and a service manager ask once; only a person presses again.
    if (wish === 'fast') return onWish('leave')
    if (wish === 'clean' && signal !== 'SIGINT') return
    wish = wish === 'none' ? 'clean' : 'fast'
    onWish(wish)
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, listener)
  return {
    get wish() {
      return wish
    },
    close() {
      for (const signal of signals) process.off(signal, listener)
    },
  }
}
