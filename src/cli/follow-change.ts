// Asks the supervisor for a live change and follows it to its end: what it does now on the live line, each step as a
// line, and the figures at the end. The change is the supervisor's: leaving does not end it, and it goes on under the
// next supervisor when this one dies.

import type { Clock } from '../base/clock.ts'
import { EXIT, isPlatformError, PlatformError } from '../base/errors.ts'
import type { Installation } from '../base/installation.ts'
import { isAttended } from '../supervisor/bring-up.ts'
import type { ChangeReport, ChangeRequest } from '../supervisor/change.ts'
import { askChange, askReport } from '../supervisor/control.ts'
import { printFailure } from './print-error.ts'
import { seconds } from './progress.ts'
import type { Terminal } from './terminal.ts'

export interface Following {
  readonly terminal: Terminal
  readonly clock: Clock
  readonly installation: Installation
  /** ` --data /srv/shop`, to stand after a command that is named; empty where it is not needed. */
  readonly flags: string
  /** Nothing but the end is told, by whoever asked. */
  readonly quiet: boolean
}

/** Exit status of a person who did not want to wait (128 + SIGINT). */
const EXIT_LEFT = 130
const POLL_MS = 100
/** How long a supervisor that was ended may take to be put back. */
const SUPERVISOR_BACK_MS = 30_000

/**
 * Begins the change and resolves with how it ended.
 * @throws the errors of askChange; SUPERVISOR_NOT_RUNNING when it is stopped meanwhile
 */
export async function makeChange(following: Following, request: ChangeRequest): Promise<ChangeReport> {
  const { terminal, installation, flags } = following
  const { id } = await askChange(installation, request)
  const leave = (): void => {
    terminal.live('')
    terminal.error(`The change goes on. Watch it: pando status${flags}`)
    process.exit(EXIT_LEFT)
  }
  process.on('SIGINT', leave)
  try {
    return await follow(following, id)
  } finally {
    terminal.live('')
    process.off('SIGINT', leave)
  }
}

async function follow(
  { terminal, clock, installation, quiet }: Following,
  id: string,
): Promise<ChangeReport> {
  let told = ''
  let answeredMs = clock.monotonic()
  for (;;) {
    const change = await reportOf(installation)
    if (change !== undefined) answeredMs = clock.monotonic()
    else if (clock.monotonic() - answeredMs > SUPERVISOR_BACK_MS || !isAttended(installation))
      throw new PlatformError('SUPERVISOR_NOT_RUNNING', { dataDir: installation.dataDir })
    if (change?.id === id) {
      if (change.state !== 'running' && change.state !== 'rolling back') return change
      const step = withoutNumbers(change.step)
      if (!quiet && step !== told && step !== '') terminal.line(`${terminal.paint.dim('·')} ${change.step}`)
      told = step
      if (!quiet) terminal.live(terminal.paint.dim(liveLine(change)))
    }
    await clock.sleep(POLL_MS)
  }
}

/** The change under way or the last one; undefined while no supervisor answers. */
async function reportOf(installation: Installation): Promise<ChangeReport | undefined> {
  try {
    return (await askReport(installation)).change ?? undefined
  } catch (error) {
    if (isPlatformError(error, 'SUPERVISOR_UNREACHABLE')) return undefined
    throw error
  }
}

/** `web-2 finishes 3 requests` and `… 2 requests` are one step. */
function withoutNumbers(step: string): string {
  return step.replaceAll(/(?<![\w-])\d+/g, '#')
}

/** `web-2 finishes 3 requests, 1 of 3, 4,210 requests meanwhile, 0 failed, 8.12 s …`. Pure. */
export function liveLine(change: ChangeReport): string {
  const figures = figuresOf(change)
  const parts = [change.state === 'rolling back' ? 'rolling back' : '', change.step]
  return `${[...parts, `${change.done} of ${change.of}`, figures, seconds(change.durationMs)].filter(Boolean).join(', ')} …`
}

/** `4,210 requests meanwhile, 0 failed`; empty where nothing counts them. Pure. */
export function figuresOf({
  requests,
  failedRequests,
}: Pick<ChangeReport, 'requests' | 'failedRequests'>): string {
  if (requests === undefined || requests === null) return ''
  const count = requests === 1 ? '1 request' : `${requests.toLocaleString('en')} requests`
  return `${count} meanwhile, ${(failedRequests ?? 0).toLocaleString('en')} failed`
}

/** Prints how a change ended, `what` when it is done (`3 web servers replaced`), and returns the exit status. */
export function concludeChange(terminal: Terminal, change: ChangeReport, what: string): number {
  const { paint } = terminal
  const figures = figuresOf(change)
  if (change.state === 'done') {
    const told = [what, figures].filter(Boolean).join(', ')
    terminal.line(`${paint.bold(paint.green('Done'))} in ${seconds(change.durationMs)}: ${told}`)
    return 0
  }
  const { failure } = change
  if (failure !== undefined && failure !== null) {
    if (failure.member !== undefined && failure.lines.length > 0) {
      terminal.error('')
      terminal.error(paint.dim(`Last lines of ${failure.member}:`))
      for (const line of failure.lines) terminal.error(`  ${paint.dim('│')} ${line}`)
    }
    terminal.error('')
    printFailure(terminal, failure)
  }
  terminal.error(
    change.state === 'rolled back'
      ? `Rolled back in ${seconds(change.durationMs)}: the processes are as they were${figures === '' ? '' : `, ${figures}`}.`
      : `The change failed after ${seconds(change.durationMs)}. See \`pando status\`.`,
  )
  return EXIT.failure
}
