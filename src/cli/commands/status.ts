// `pando status`: what runs, as a table for people or as JSON for programs. Exit status 3 when no supervisor watches,
// also when members run on without it.

import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { isPlatformError, PlatformError } from '../../base/errors.ts'
import type { Installation } from '../../base/installation.ts'
import type { InstallationStatus, MemberStatus } from '../../supervisor/status.ts'
import { dataDirOf } from '../data-dir.ts'
import { printError } from '../print-error.ts'
import { openTerminal, type Paint, type Terminal } from '../terminal.ts'

interface Options {
  readonly app?: string
  readonly data?: string
  readonly json?: boolean
}

/** Exit status when no supervisor runs (LSB: "program is not running"). */
const EXIT_NOT_RUNNING = 3

const EXAMPLES = `
Examples:
  $ pando status                                          a table for people
  $ pando status --json                                   { stage, endpoints: { web }, members: [ … ] }
  $ pando status --json | jq -r '.members[] | .name + " " + .state'

States: stopped, starting, running, stopping, failed. Exit status 3 when it is not running.`

export function register(program: Command): void {
  program
    .command('status')
    .description('show what runs, where, and how it is')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(runStatus)
}

async function runStatus(options: Options): Promise<void> {
  const terminal = openTerminal()
  const dataDir = dataDirOf(options)
  const found = existsSync(dataDir) ? await findStatus(dataDir) : undefined
  if (found === undefined) {
    printError(terminal, new PlatformError('SUPERVISOR_NOT_RUNNING', { dataDir }), false)
    if (options.json)
      terminal.line(JSON.stringify({ stage: 'unknown', endpoints: { web: null }, members: [] }))
    process.exitCode = EXIT_NOT_RUNNING
    return
  }
  if (options.json) terminal.line(JSON.stringify(found.status, undefined, 2))
  else printTable(terminal, found.status)
  if (found.supervised) return
  const runs = found.status.members.some(({ state }) => state === 'running')
  terminal.error(
    runs
      ? 'No supervisor runs: nobody restarts a member that ends. `pando up` takes over what runs, `pando down` stops it.'
      : 'It is not running. Start it with `pando up`.',
  )
  process.exitCode = EXIT_NOT_RUNNING
}

interface Found {
  readonly status: InstallationStatus
  readonly supervised: boolean
}

async function findStatus(dataDir: string): Promise<Found | undefined> {
  const [{ realInstallation }, { statusFromRecords }] = await Promise.all([
    import('../../supervisor/records.ts'),
    import('../../supervisor/status.ts'),
  ])
  const installation = realInstallation(dataDir)
  const supervised = await askPatiently(installation)
  if (supervised !== undefined) return { status: supervised, supervised: true }
  const status = statusFromRecords(installation)
  return status === undefined ? undefined : { status, supervised: false }
}

const ATTEMPTS = 20
const BETWEEN_MS = 100

/** The supervisor's answer; where one is being put back at the moment, that of the next. */
async function askPatiently(installation: Installation): Promise<InstallationStatus | undefined> {
  const [{ askReport }, { isAttended }] = await Promise.all([
    import('../../supervisor/control.ts'),
    import('../../supervisor/bring-up.ts'),
  ])
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return (await askReport(installation)).status
    } catch (error) {
      if (!isPlatformError(error, 'SUPERVISOR_UNREACHABLE')) throw error
      if (!isAttended(installation)) return undefined
      await systemClock.sleep(BETWEEN_MS)
    }
  }
  return undefined
}

function printTable(terminal: Terminal, { stage, endpoints, members }: InstallationStatus): void {
  const { paint } = terminal
  terminal.line(`stage ${paint.bold(stage)}   web ${paint.bold(endpoints.web ?? '-')}`)
  terminal.line('')
  const head = ['MEMBER', 'TIER', 'STATE', 'PID', 'RESTARTS', 'ADDRESS', 'DETAIL']
  const rows = members.map((member) => [
    member.name,
    member.tier,
    member.state,
    member.pid === null ? '-' : String(member.pid),
    String(member.restarts),
    member.address,
    member.detail,
  ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  const pad = (cells: readonly string[]): readonly string[] =>
    cells.map((cell, column) => (column === head.length - 1 ? cell : cell.padEnd(widths[column]!)))
  terminal.line(paint.dim(pad(head).join('  ')))
  for (const [index, row] of rows.entries()) {
    const cells = [...pad(row)]
    cells[2] = colourOf(members[index]!.state, paint)(cells[2]!)
    terminal.line(cells.join('  ').trimEnd())
  }
}

function colourOf(state: MemberStatus['state'], paint: Paint): (text: string) => string {
  if (state === 'running') return paint.green
  return state === 'failed' ? paint.red : paint.yellow
}
