// The conversation of `pando up`: progress while it starts, the address when it is ready, what changes while it runs,
// and a failed start with the end of the log that tells why.

import type { Clock } from '../base/clock.ts'
import { EXIT } from '../base/errors.ts'
import { createLogger } from '../base/log.ts'
import { upDetached, upInForeground } from '../supervisor/bring-up.ts'
import { logPath, openLog } from '../supervisor/log-file.ts'
import { realInstallation, type Plan, type StartFailure, type Wanted } from '../supervisor/records.ts'
import type { Report } from '../supervisor/status.ts'
import { writeSync } from 'node:fs'
import { printFailure } from './print-error.ts'
import { seconds, showProgress } from './progress.ts'
import { listenForStop } from './stop-wish.ts'
import type { Terminal } from './terminal.ts'

export interface Launch {
  readonly dataDir: string
  /** The other commands find it without being told. */
  readonly isDefaultDataDir: boolean
  readonly detach: boolean
  readonly plan: Plan
}

/** Exit status of a person who did not want to wait (128 + SIGINT). */
const EXIT_LEFT = 130

/** Runs `up` to its end and returns the exit status. @throws SUPERVISOR_ALREADY_RUNNING, SUPERVISOR_DATA_DIRECTORY */
export async function bringUp(terminal: Terminal, clock: Clock, launch: Launch): Promise<number> {
  const { paint } = terminal
  const installation = realInstallation(launch.dataDir)
  const output = openLog(installation, 'supervisor')
  const log = createLogger({ format: 'text', write: (line) => void writeSync(output, `${line}\n`) })
  // Counted from the start of the process: loading the application is part of the wait.
  const beganMs = clock.monotonic() - process.uptime() * 1000
  const flag = launch.isDefaultDataDir ? '' : ` --data ${launch.dataDir}`
  const wishes = listenForStop(clock, (wish) => {
    if (wish === 'clean')
      terminal.line(`Stopping. ${paint.dim('Ctrl-C again: without waiting for requests.')}`)
    if (wish === 'fast') terminal.line('Stopping at once.')
    if (wish === 'leave') process.exit(EXIT_LEFT)
  })
  const sayReady = (report: Report): void => {
    const web = report.status.endpoints.web
    terminal.line('')
    terminal.line(
      `${paint.bold(paint.green('Ready'))} in ${seconds(clock.monotonic() - beganMs)}  ${paint.bold(web ?? '')}`,
    )
    terminal.line(
      paint.dim(
        `  Stop: ${launch.detach ? `pando down${flag}` : 'Ctrl-C'}   State: pando status${flag}   Logs: pando logs${flag} (${installation.logsDir})`,
      ),
    )
    terminal.line('')
  }
  const progress = showProgress(terminal, () => clock.monotonic() - beganMs, sayReady)
  try {
    const run = launch.detach ? upDetached : upInForeground
    const final = await run({
      installation,
      clock,
      log,
      plan: launch.plan,
      stopWish: () => wishes.wish,
      onReport: (report) => progress.update(report),
    })
    progress.end(final?.state !== 'up')
    return conclude(terminal, final, (name) => logPath(installation, name))
  } finally {
    progress.end()
    wishes.close()
  }
}

function conclude(terminal: Terminal, final: Wanted | undefined, pathOf: (name: string) => string): number {
  if (final?.failure !== undefined) {
    printStartFailure(terminal, final.failure, pathOf)
    return final.failure.permanent ? EXIT.usage : EXIT.failure
  }
  if (final?.state !== 'up') terminal.line('Stopped.')
  return 0
}

function printStartFailure(
  terminal: Terminal,
  failure: StartFailure,
  pathOf: (name: string) => string,
): void {
  const { paint } = terminal
  if (failure.member !== undefined && failure.lines.length > 0) {
    terminal.error('')
    terminal.error(paint.dim(`Last lines of ${pathOf(failure.member)}:`))
    for (const line of failure.lines) terminal.error(`  ${paint.dim('│')} ${line}`)
  }
  terminal.error('')
  printFailure(terminal, failure)
}
