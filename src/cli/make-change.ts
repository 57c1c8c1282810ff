// The common course of the commands that ask for one change: find what runs, ask, follow, tell how it ended.

import type { ChangeRequest } from '../supervisor/change.ts'
import type { Plan } from '../supervisor/records.ts'
import { findRunning, type ChangeOptions, type RunningInstallation } from './running.ts'

export interface AskedChange {
  readonly request: ChangeRequest
  /** After "Done in 3.2 s: ". */
  readonly what: string
  /** A line before it begins. */
  readonly note?: string
  /** A line after it is done; one that was refused has no consequences to tell of. */
  readonly afterwards?: string
}

/** Runs the command to its end and sets the exit status. `changeOf` may refuse with an error. */
export async function runChange(
  options: ChangeOptions,
  changeOf: (plan: Plan) => AskedChange,
): Promise<void> {
  const running = await findRunning(options)
  if (running !== undefined) await carryOut(running, changeOf(running.plan))
}

export async function carryOut(running: RunningInstallation, asked: AskedChange): Promise<void> {
  const { concludeChange, makeChange } = await import('./follow-change.ts')
  const { terminal, quiet } = running
  if (asked.note !== undefined && !quiet) terminal.line(asked.note)
  const change = await makeChange(running, asked.request)
  if (quiet) terminal.line(JSON.stringify({ change }, undefined, 2))
  const isDone = change.state === 'done'
  process.exitCode = quiet ? Number(!isDone) : concludeChange(terminal, change, asked.what)
  if (isDone && asked.afterwards !== undefined && !quiet) terminal.line(asked.afterwards)
}
