// The watchdog: keeps a supervisor running until a stop is complete. It is the `up` command itself while that is in
// the foreground, and a process without a terminal otherwise. It touches no member.
//
// It knows the supervisor by its recorded pid and start time, so it does not matter who started which. A supervisor
// that dies before everything was ready for the first time is started again only so often; from then on for ever.

import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Installation } from '../base/installation.ts'
import type { Logger } from '../base/log.ts'
import { identify, isRunning, signalProcess } from '../base/process.ts'
import { askReport, askStop } from './control.ts'
import { acquireLock } from './lock.ts'
import { lastLines, logPath } from './log-file.ts'
import { retryDelayMs } from './member-state.ts'
import {
  readRole,
  readWanted,
  removeRole,
  writeRole,
  writeWanted,
  type StartFailure,
  type Wanted,
} from './records.ts'
import { spawnRole } from './spawn-role.ts'
import type { Report } from './status.ts'
import { Supervisor } from './supervisor.ts'

export type StopWish = 'none' | 'clean' | 'fast'

export interface WatchOptions {
  readonly installation: Installation
  readonly clock: Clock
  readonly log: Logger
  /** What the person at the terminal, or a signal, asks for; read in every round. */
  readonly stopWish: () => StopWish
  /** Called with what runs, several times a second, while a supervisor answers. Without it nobody is asked. */
  readonly onReport?: (report: Report) => void
}

const ROUND_MS = 100
/** How long a new supervisor may take until its record is there, or until it has ended. */
const APPEAR_MS = 10_000
/** A supervisor that lived this long before it died is started again at once: one that cannot work dies sooner. */
const GOOD_RUN_MS = 5_000
/** Deaths in a row before everything was ready once, after which a start is given up. */
const GIVE_UP_DEATHS = 5
/** A supervisor that runs but does not answer is killed after this long; its members do not notice. */
const HUNG_MS = 30_000
const ASK_EVERY_MS = 5_000

/** Watches until a stop is complete. The caller has the watchdog's lock and has written what is wanted. */
export async function watch(options: WatchOptions): Promise<Wanted | undefined> {
  const { installation, clock, log } = options
  const liveliness = new Liveliness(options)
  let deaths = 0
  let retryAtMs = 0
  let startedMs = Number.NEGATIVE_INFINITY
  writeRole(installation, 'watchdog', identify(process.pid)!)
  try {
    for (;;) {
      const nowMs = clock.monotonic()
      if (isSupervised(installation)) await liveliness.look(nowMs)
      else {
        const wanted = readWanted(installation)
        if (wanted === undefined || (wanted.state === 'down' && wanted.finished)) return wanted
        if (options.stopWish() !== 'none') {
          const final = await stopWithoutSupervisor(options)
          if (final !== undefined) return final
        }
        if (nowMs - startedMs > GOOD_RUN_MS) deaths = 0
        if (!wanted.reached && deaths >= GIVE_UP_DEATHS) {
          const final = await stopWithoutSupervisor({ ...options, failure: crashed(installation, deaths) })
          if (final !== undefined) return final
        } else if (nowMs >= retryAtMs) {
          if (deaths > 0) log.warn({ deaths }, 'supervisor started again')
          startedMs = nowMs
          deaths++
          retryAtMs = nowMs + retryDelayMs(deaths + 1)
          await startSupervisor(installation, clock)
          liveliness.reset()
          continue
        }
      }
      await clock.sleep(ROUND_MS)
    }
  } finally {
    removeRole(installation, 'watchdog')
  }
}

export function isSupervised(installation: Installation): boolean {
  const supervisor = readRole(installation, 'supervisor')
  return supervisor !== undefined && isRunning(supervisor)
}

/** Resolves when the new supervisor's record is there, or when it has ended. */
async function startSupervisor(installation: Installation, clock: Clock): Promise<void> {
  const child = spawnRole('supervisor', installation, [])
  const identity = child.pid === undefined ? undefined : identify(child.pid)
  const untilMs = clock.monotonic() + APPEAR_MS
  if (identity === undefined) return
  while (isRunning(identity) && clock.monotonic() < untilMs) {
    if (isSupervised(installation)) return
    await clock.sleep(ROUND_MS / 10)
  }
}

function crashed(installation: Installation, attempts: number): StartFailure {
  const log = logPath(installation, 'supervisor')
  const { code, message, fix, permanent } = new PlatformError('SUPERVISOR_CRASHED', { attempts, log })
  return { code, message, fix, permanent, member: 'supervisor', lines: lastLines(log, 20) }
}

export interface StopOptions extends Pick<WatchOptions, 'installation' | 'clock' | 'log' | 'stopWish'> {
  /** Why, if it is not for a person's wish. */
  readonly failure?: StartFailure
  readonly onReport?: (report: Report) => void
}

/**
 * Stops, in this process, whatever a dead supervisor left: the last resort when none stays alive, and `pando down`
 * when nobody watches any more. Undefined when a living supervisor has the lock: then that one is to be asked.
 */
export async function stopWithoutSupervisor(options: StopOptions): Promise<Wanted | undefined> {
  const { installation, clock, stopWish, onReport, failure } = options
  const lock = await acquireLock(installation, 'supervisor')
  if (lock === undefined) return undefined
  const wanted = readWanted(installation)
  if (wanted !== undefined && failure !== undefined)
    writeWanted(installation, { ...wanted, state: 'down', finished: false, failure })
  const report = (): void => onReport?.(supervisor.report())
  const supervisor = new Supervisor({ ...options, keepWatchdog: () => {}, onRecovered: report })
  supervisor.stop(false)
  const cancel = clock.every(ROUND_MS, () => {
    if (stopWish() === 'fast') supervisor.stop(true)
    report()
  })
  try {
    writeRole(installation, 'supervisor', identify(process.pid)!)
    return await supervisor.run()
  } finally {
    cancel()
    removeRole(installation, 'supervisor')
    await lock.release()
  }
}

/** Passes on wishes and reports, and notices a supervisor that runs without answering. */
class Liveliness {
  readonly #options: WatchOptions
  #answeredMs: number
  #askedMs = Number.NEGATIVE_INFINITY
  #told: StopWish = 'none'

  constructor(options: WatchOptions) {
    this.#options = options
    this.#answeredMs = options.clock.monotonic()
  }

  reset(): void {
    this.#answeredMs = this.#options.clock.monotonic()
    this.#told = 'none'
  }

  async look(nowMs: number): Promise<void> {
    const { installation, clock, stopWish, onReport, log } = this.#options
    const wish = stopWish()
    try {
      if (wish !== this.#told) {
        await askStop(installation, wish === 'fast')
        this.#told = wish
      }
      if (onReport !== undefined || nowMs - this.#askedMs >= ASK_EVERY_MS) {
        this.#askedMs = nowMs
        const report = await askReport(installation)
        onReport?.(report)
        this.#answeredMs = clock.monotonic()
      }
    } catch {
      // It may be about to listen, or about to end; what it does in the long run counts.
      if (clock.monotonic() - this.#answeredMs < HUNG_MS) return
      log.error({}, 'supervisor does not answer and is killed')
      const supervisor = readRole(installation, 'supervisor')
      if (supervisor !== undefined) signalProcess(supervisor, 'SIGKILL')
    }
  }
}
