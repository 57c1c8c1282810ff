// `pando logs`: the end of the members' logs, each line with its member's name; with `--follow` what comes after, across
// restarts and rotations.

import { existsSync } from 'node:fs'
import { InvalidArgumentError, type Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { dataDirOf } from '../data-dir.ts'
import { openTerminal } from '../terminal.ts'

interface Options {
  readonly app?: string
  readonly data?: string
  readonly follow?: boolean
  readonly lines: number
}

const EXAMPLES = `
Examples:
  $ pando logs                       the last lines of every member
  $ pando logs web-1 --lines 200     more of one member
  $ pando logs --follow              and what comes, until Ctrl-C
  $ pando logs supervisor            what was started, ended and restarted, and why`

const MAX_LINES = 10_000

export function register(program: Command): void {
  program
    .command('logs')
    .description('show the logs of all members, or of one')
    .argument('[member]', 'name of a member as in `pando status`, or supervisor')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('-f, --follow', 'go on with what is written from now on')
    .option('-n, --lines <number>', 'how many lines of each log to begin with (0 to 10000)', lineCount, 20)
    .addHelpText('after', EXAMPLES)
    .action(runLogs)
}

function lineCount(text: string): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value > MAX_LINES)
    throw new InvalidArgumentError(`Expected a whole number from 0 to ${MAX_LINES}.`)
  return value
}

async function runLogs(member: string | undefined, options: Options): Promise<void> {
  const dataDir = dataDirOf(options)
  if (!existsSync(dataDir)) throw new PlatformError('SUPERVISOR_NOT_RUNNING', { dataDir })
  const [{ realInstallation }, { followLogs, knownLogs, printLogs }] = await Promise.all([
    import('../../supervisor/records.ts'),
    import('../follow-logs.ts'),
  ])
  const installation = realInstallation(dataDir)
  const known = knownLogs(installation)
  if (member !== undefined && !known.includes(member))
    throw new PlatformError('SUPERVISOR_UNKNOWN_MEMBER', {
      name: member,
      known,
      nearest: nearest(member, known),
    })
  const terminal = openTerminal()
  const offsets = printLogs(terminal, installation, member, options.lines)
  if (options.follow === true) await followLogs(terminal, systemClock, installation, member, offsets)
}
