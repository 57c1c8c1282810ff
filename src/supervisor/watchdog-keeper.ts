// The supervisor's half of the mutual watch: a watchdog that is no more, by its recorded pid and start time, is
// replaced by one without a terminal. The lock decides if two come at once.

import type { Clock } from '../base/clock.ts'
import type { Installation } from '../base/installation.ts'
import type { Logger } from '../base/log.ts'
import { isRunning } from '../base/process.ts'
import { readRole } from './records.ts'
import { spawnRole } from './spawn-role.ts'

/** A new watchdog needs a moment until its record is there; meanwhile no other one is started. */
const PATIENCE_MS = 2_000

/** A function to call in every round of the supervisor. */
export function watchdogKeeper(installation: Installation, clock: Clock, log: Logger): () => void {
  let startedMs = Number.NEGATIVE_INFINITY
  return () => {
    const watchdog = readRole(installation, 'watchdog')
    if (watchdog !== undefined && isRunning(watchdog)) return
    if (clock.monotonic() - startedMs < PATIENCE_MS) return
    startedMs = clock.monotonic()
    const child = spawnRole('watchdog', installation, [])
    log.warn({ pid: child.pid }, 'watchdog started again')
  }
}
