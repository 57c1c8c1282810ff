// The installation that a command changes while it runs: found, and known to be attended by a supervisor.

import { existsSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Installation } from '../base/installation.ts'
import type { Plan } from '../supervisor/records.ts'
import { dataDirOf } from './data-dir.ts'
import type { Following } from './follow-change.ts'
import { printError } from './print-error.ts'
import { openTerminal } from './terminal.ts'

/** Exit status when no supervisor runs (LSB: "program is not running"). */
export const EXIT_NOT_RUNNING = 3

export interface ChangeOptions {
  readonly app?: string
  readonly data?: string
  readonly json?: boolean
}

export interface RunningInstallation extends Following {
  readonly installation: Installation
  /** What is wanted of it now. */
  readonly plan: Plan
  /** The last change failed in the middle, so the members are not all as the plan has them. */
  readonly isHalfChanged: boolean
}

/** Undefined when it does not run: that is printed, and the exit status set. */
export async function findRunning(options: ChangeOptions): Promise<RunningInstallation | undefined> {
  const running = await runningAt(options)
  if (running !== undefined) return running
  printError(
    openTerminal(),
    new PlatformError('SUPERVISOR_NOT_RUNNING', { dataDir: dataDirOf(options) }),
    false,
  )
  process.exitCode = EXIT_NOT_RUNNING
  return undefined
}

/** Undefined when it does not run. */
export async function runningAt(options: ChangeOptions): Promise<RunningInstallation | undefined> {
  const dataDir = dataDirOf(options)
  const found = existsSync(dataDir) ? await attended(dataDir) : undefined
  if (found === undefined) return undefined
  const flags = options.data === undefined && options.app === undefined ? '' : ` --data ${dataDir}`
  return { ...found, terminal: openTerminal(), clock: systemClock, flags, quiet: options.json === true }
}

async function attended(
  dataDir: string,
): Promise<Pick<RunningInstallation, 'installation' | 'plan' | 'isHalfChanged'> | undefined> {
  const [{ isAttended }, { readWanted, realInstallation }] = await Promise.all([
    import('../supervisor/bring-up.ts'),
    import('../supervisor/records.ts'),
  ])
  const installation = realInstallation(dataDir)
  const wanted = readWanted(installation)
  if (wanted?.state !== 'up' || !isAttended(installation)) return undefined
  return { installation, plan: wanted.plan, isHalfChanged: wanted.lastChange?.state === 'failed' }
}
