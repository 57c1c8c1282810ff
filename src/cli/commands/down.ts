// `pando down`: stops everything in reverse order and returns when nothing is left. Works whatever was killed before.

import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { createLogger } from '../../base/log.ts'
import { dataDirOf } from '../data-dir.ts'
import { openTerminal } from '../terminal.ts'

interface Options {
  readonly app?: string
  readonly data?: string
  readonly fast?: boolean
}

const EXAMPLES = `
Examples:
  $ pando down                       stop what runs with its data in ./.pando
  $ pando down --data /srv/shop      stop another installation
  $ pando down --fast                without waiting for requests under way

The data is kept. Stopping what does not run is no error.`

export function register(program: Command): void {
  program
    .command('down')
    .description('stop everything; the data is kept')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--fast', 'give every member one second to stop')
    .addHelpText('after', EXAMPLES)
    .action(runDown)
}

async function runDown(options: Options): Promise<void> {
  const terminal = openTerminal()
  const dataDir = dataDirOf(options)
  const nothing = `Nothing runs with its data in ${dataDir}.`
  if (!existsSync(dataDir)) return terminal.line(nothing)
  const [{ down }, { realInstallation }, { showProgress, seconds }, { listenForStop }] = await Promise.all([
    import('../../supervisor/bring-up.ts'),
    import('../../supervisor/records.ts'),
    import('../progress.ts'),
    import('../stop-wish.ts'),
  ])
  const beganMs = systemClock.monotonic()
  let isFast = options.fast === true
  const wishes = listenForStop(systemClock, (wish) => {
    if (wish === 'leave') process.exit(130)
    if (!isFast) terminal.line('Stopping at once. Ctrl-C again: leave it to stop by itself.')
    isFast = true
  })
  const progress = showProgress(terminal, () => systemClock.monotonic() - beganMs)
  const log = createLogger({ format: 'text', level: 'warn', write: (line) => terminal.error(line) })
  const didStop = await down({
    installation: realInstallation(dataDir),
    clock: systemClock,
    log,
    stopWish: () => (isFast ? 'fast' : 'clean'),
    onReport: (report) => progress.update(report),
  })
  progress.end(true)
  wishes.close()
  terminal.line(didStop ? `Stopped in ${seconds(systemClock.monotonic() - beganMs)}.` : nothing)
}
