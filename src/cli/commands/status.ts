// `pando status`: what runs, as a table for people or as JSON for programs. Exit status 3 when no supervisor watches,
// also when members run on without it.

import { existsSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { isPlatformError, PlatformError } from '../../base/errors.ts'
import { socketDirectory, type Installation } from '../../base/installation.ts'
import type { InstallationStatus, Report } from '../../supervisor/status.ts'
import { dataDirOf } from '../data-dir.ts'
import { printError } from '../print-error.ts'
import type { ShownStatus } from '../print-status.ts'
import { EXIT_NOT_RUNNING } from '../running.ts'
import { openTerminal } from '../terminal.ts'

interface Options {
  readonly app?: string
  readonly data?: string
  readonly json?: boolean
}

const EXAMPLES = `
Examples:
  $ pando status                                          a table for people
  $ pando status --json                                   { stage, endpoints, members, routes, change }
  $ pando status --json | jq -r '.members[] | .name + " " + .state'

States: stopped, starting, running, stopping, failed. Below the table: what visitors met since the balancers
began to count, and the change under way or the last one. Exit status 3 when it is not running.`

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
      terminal.line(JSON.stringify({ stage: 'unknown', endpoints: { web: null }, members: [], ...NOTHING }))
    process.exitCode = EXIT_NOT_RUNNING
    return
  }
  if (options.json) terminal.line(JSON.stringify(found.status, undefined, 2))
  else (await import('../print-status.ts')).printStatus(terminal, found.status)
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
  readonly status: ShownStatus
  readonly supervised: boolean
}

async function findStatus(dataDir: string): Promise<Found | undefined> {
  const [{ realInstallation }, { statusFromRecords }] = await Promise.all([
    import('../../supervisor/records.ts'),
    import('../../supervisor/status.ts'),
  ])
  const installation = realInstallation(dataDir)
  const report = await askPatiently(installation)
  if (report !== undefined) {
    const { status, routes, change } = report
    return { status: { ...located(status, installation), routes, change }, supervised: true }
  }
  const status = statusFromRecords(installation)
  if (status === undefined) return undefined
  return { status: { ...located(status, installation), ...NOTHING }, supervised: false }
}

const NOTHING = { routes: [], change: null } as const

/** A plan is the same wherever the data is kept, so it names the place of the default data directory. */
function located(status: InstallationStatus, installation: Installation): InstallationStatus {
  const members = status.members.map((member) => {
    const part = /^\.pando\/([a-z0-9-]+)\//.exec(member.address)?.[1]
    if (part === undefined || !existsSync(join(installation.dataDir, part))) return member
    return { ...member, address: join(socketDirectory(installation, part), basename(member.address)) }
  })
  return { ...status, members }
}

const ATTEMPTS = 20
const BETWEEN_MS = 100

/** The supervisor's answer; where one is being put back at the moment, that of the next. */
async function askPatiently(installation: Installation): Promise<Report | undefined> {
  const [{ askReport }, { isAttended }] = await Promise.all([
    import('../../supervisor/control.ts'),
    import('../../supervisor/bring-up.ts'),
  ])
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      return await askReport(installation)
    } catch (error) {
      if (!isPlatformError(error, 'SUPERVISOR_UNREACHABLE')) throw error
      if (!isAttended(installation)) return undefined
      await systemClock.sleep(BETWEEN_MS)
    }
  }
  return undefined
}
