// Begins and ends what `pando up` and `pando down` ask for. Whoever has the watchdog's lock may say what is wanted, so
// of any number of `up` on one data directory exactly one gets to.

import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { isPlatformError, PlatformError } from '../base/errors.ts'
import type { Installation } from '../base/installation.ts'
import type { Logger } from '../base/log.ts'
import { installationId } from '../base/mark.ts'
import { isRunning } from '../base/process.ts'
import { secretToken } from '../base/random.ts'
import { askReport, askStop } from './control.ts'
import { acquireLock } from './lock.ts'
import {
  readMemberRecords,
  readRole,
  readWanted,
  writeJson,
  writeWanted,
  type Plan,
  type Wanted,
} from './records.ts'
import { EXIT_LOCKED, spawnRole } from './spawn-role.ts'
import type { Report } from './status.ts'
import { findMarked } from './strays.ts'
import { isSupervised, stopWithoutSupervisor, watch, type StopWish } from './watchdog.ts'

export interface UpOptions {
  readonly installation: Installation
  readonly clock: Clock
  readonly log: Logger
  readonly plan: Plan
  readonly stopWish: () => StopWish
  readonly onReport: (report: Report) => void
}

const ROUND_MS = 50
/** How long an `up` waits for a stop that is under way. */
const STOP_UNDER_WAY_MS = 60_000
/** How long `down` waits for the watchdog to leave too; one that is suspended (Ctrl-Z) cannot. */
const WATCHDOG_LEAVES_MS = 2_000

function wantedOf(plan: Plan): Wanted {
  return { state: 'up', plan, reached: false, finished: false }
}

/**
 * Starts everything and watches until it is stopped; what is returned says why it ended.
 * @throws SUPERVISOR_ALREADY_RUNNING
 */
export async function upInForeground(options: UpOptions): Promise<Wanted | undefined> {
  const { installation, clock, plan } = options
  const lock = await untilFree(installation, clock, async () => {
    const acquired = await acquireLock(installation, 'watchdog')
    if (acquired === undefined) return undefined
    if (!isSupervised(installation)) return acquired
    await acquired.release()
    return undefined
  })
  try {
    writeWanted(installation, wantedOf(plan))
    return await watch(options)
  } finally {
    await lock.release()
  }
}

/**
 * Starts everything with a watchdog of its own; resolves with what is wanted when everything is ready, or with why it
 * is not.
 * @throws SUPERVISOR_ALREADY_RUNNING
 */
export async function upDetached(options: UpOptions): Promise<Wanted | undefined> {
  const { installation, clock, plan } = options
  const child = await untilFree(installation, clock, async () => {
    const file = join(installation.runDir, `wanted.${secretToken(6)}.new`)
    writeJson(file, wantedOf(plan))
    const started = spawnRole('watchdog', installation, [file])
    const isTaken = await hasTakenOver(installation, started, clock)
    return isTaken ? started : undefined
  })
  const relay = new StopRelay(installation)
  for (;;) {
    const wanted = readWanted(installation)
    if (wanted?.reached === true && wanted.state === 'up') {
      await showReport(options)
      return wanted
    }
    if (wanted === undefined || wanted.finished || child.exitCode !== null) return wanted
    await relay.pass(options.stopWish())
    await showReport(options)
    await clock.sleep(ROUND_MS)
  }
}

/** Whether the started watchdog got the lock: its record is there, or it says by its exit that another one has it. */
async function hasTakenOver(installation: Installation, child: ChildProcess, clock: Clock): Promise<boolean> {
  while (child.exitCode === null && child.signalCode === null) {
    if (readRole(installation, 'watchdog')?.pid === child.pid) return true
    await clock.sleep(ROUND_MS / 5)
  }
  return child.exitCode !== EXIT_LOCKED
}

/** The result of `attempt` as soon as it has one; waits only while a stop, or another `up`'s first step, is under way. */
async function untilFree<T>(
  installation: Installation,
  clock: Clock,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const untilMs = clock.monotonic() + STOP_UNDER_WAY_MS
  for (;;) {
    const result = await attempt()
    if (result !== undefined) return result
    // Whoever has just won writes down what it wants first and who it is a moment later.
    const isUp = readWanted(installation)?.state === 'up' && isAttended(installation)
    if (isUp || clock.monotonic() >= untilMs) throw alreadyRunning(installation)
    await clock.sleep(ROUND_MS)
  }
}

function alreadyRunning(installation: Installation): PlatformError<'SUPERVISOR_ALREADY_RUNNING'> {
  const roles = [readRole(installation, 'supervisor'), readRole(installation, 'watchdog')]
  return new PlatformError('SUPERVISOR_ALREADY_RUNNING', {
    dataDir: installation.dataDir,
    pid: roles.find((identity) => identity !== undefined && isRunning(identity))?.pid,
    address: readWanted(installation)?.plan.endpoints.web,
  })
}

export type DownOptions = Pick<UpOptions, 'installation' | 'clock' | 'log' | 'stopWish' | 'onReport'>

/**
 * Stops everything and resolves when nothing is left, also when supervisor and watchdog are dead. False when nothing
 * ran.
 */
export async function down(options: DownOptions): Promise<boolean> {
  const { installation, clock } = options
  const relay = new StopRelay(installation)
  let didStop = false
  let finishedMs: number | undefined
  for (;;) {
    const isWatched = isRoleTaken(installation, 'watchdog')
    if (isSupervised(installation)) {
      didStop = true
      finishedMs = undefined
      await relay.pass(options.stopWish() === 'fast' ? 'fast' : 'clean')
      await showReport(options)
    } else if (isNothingLeft(installation)) {
      finishedMs ??= clock.monotonic()
      if (!isWatched || clock.monotonic() - finishedMs >= WATCHDOG_LEAVES_MS) return didStop
    } else if (!isWatched && (await stopWithoutSupervisor(options)) !== undefined) return true
    await clock.sleep(ROUND_MS)
  }
}

/** The last stop was complete, or nothing was ever started. */
function isNothingLeft(installation: Installation): boolean {
  const wanted = readWanted(installation)
  if (wanted !== undefined) return wanted.state === 'down' && wanted.finished
  return readMemberRecords(installation).length === 0 && findMarked(installationId(installation)).length === 0
}

function isRoleTaken(installation: Installation, role: 'watchdog' | 'supervisor'): boolean {
  const identity = readRole(installation, role)
  return identity !== undefined && isRunning(identity)
}

async function showReport({ installation, onReport }: DownOptions): Promise<void> {
  try {
    onReport(await askReport(installation))
  } catch (error) {
    if (!isPlatformError(error, 'SUPERVISOR_UNREACHABLE')) throw error
  }
}

/** Tells a supervisor once what the person wishes, also one that came in the place of the first. */
class StopRelay {
  readonly #installation: Installation
  #told = ''

  constructor(installation: Installation) {
    this.#installation = installation
  }

  async pass(wish: StopWish): Promise<void> {
    const supervisor = readRole(this.#installation, 'supervisor')
    const message = `${wish} ${supervisor?.pid}`
    if (wish === 'none' || supervisor === undefined || message === this.#told) return
    try {
      await askStop(this.#installation, wish === 'fast')
      this.#told = message
    } catch (error) {
      if (!isPlatformError(error, 'SUPERVISOR_UNREACHABLE')) throw error
    }
  }
}

/** Whether a supervisor, or a watchdog that will bring one back, runs. */
export function isAttended(installation: Installation): boolean {
  return isSupervised(installation) || isRoleTaken(installation, 'watchdog')
}
