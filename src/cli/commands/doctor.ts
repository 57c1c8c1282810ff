// `pando doctor`: everything that can be known to be wrong before anything is started, each with what to do about it.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { dataDirOf } from '../data-dir.ts'
import { exitStatus, type Check } from '../doctor/check.ts'
import { openTerminal, type Terminal } from '../terminal.ts'

interface Options {
  readonly app?: string
  readonly topology?: string
  readonly data?: string
  readonly json?: boolean
}

const EXAMPLES = `
Examples:
  $ pando doctor                      check this machine and the application in this directory
  $ pando doctor --app examples/shop  another application
  $ pando doctor --json | jq '.checks[] | select(.state != "ok")'

Exit status 0 when nothing failed (warnings are allowed), 1 otherwise. Nothing is started or changed.`

export function register(program: Command): void {
  program
    .command('doctor')
    .description('check the machine, the application and the topology')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--topology <file>', 'topology file (default: pando.topology.ts of the application)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(examine)
}

async function examine(options: Options): Promise<void> {
  const checks = await runChecks(options)
  const terminal = openTerminal()
  if (options.json) terminal.line(JSON.stringify({ checks }, undefined, 2))
  else print(terminal, checks)
  process.exitCode = exitStatus(checks)
}

// What a web process has when nothing is set; for the case that the topology cannot be read.
const DEFAULT_MAX_CONNECTIONS = 10_000

async function runChecks(options: Options): Promise<Check[]> {
  const [{ checkMachine }, { checkPostgres }, { checkApp, checkMigrations, checkPort, checkTopology }] =
    await Promise.all([
      import('../doctor/probe-machine.ts'),
      import('../doctor/probe-engines.ts'),
      import('../doctor/probe-app.ts'),
    ])
  const appDir = resolve(options.app ?? '.')
  const dataDir = dataDirOf(options)
  const topology = await checkTopology(appDir, options.topology, process.env)
  const application = await checkApp(appDir)
  const web = topology.loaded?.topology.web
  const maxConnections = web?.maxConnections ?? DEFAULT_MAX_CONNECTIONS
  return [
    ...checkMachine({ appDir, dataDir, maxConnections }),
    checkPostgres(dataDir),
    topology.check,
    ...(web === undefined ? [] : [await checkPort(dataDir, web.host, web.port)]),
    application.check,
    ...(application.loaded === undefined
      ? []
      : [checkMigrations(appDir, application.loaded.definition.migrations)]),
  ]
}

const MARKS = { ok: '✓', warn: '!', fail: '✗' } as const

function print(terminal: Terminal, checks: readonly Check[]): void {
  const { paint } = terminal
  const colours = { ok: paint.green, warn: paint.yellow, fail: paint.red }
  const width = Math.max(...checks.map(({ name }) => name.length))
  const indent = ' '.repeat(width + 4)
  for (const { name, state, found, fix } of checks) {
    terminal.line(
      `${colours[state](MARKS[state])} ${paint.bold(name.padEnd(width))}  ${found.replaceAll('\n', `\n${indent}`)}`,
    )
    if (fix !== undefined) terminal.line(`${indent}${paint.dim('→')} ${fix}`)
  }
  const count = (state: Check['state']): number => checks.filter((check) => check.state === state).length
  terminal.line('')
  terminal.line(
    count('fail') > 0
      ? paint.red(`${count('fail')} of ${checks.length} checks failed.`)
      : `Ready: no check of ${checks.length} failed${count('warn') > 0 ? `, ${count('warn')} warned` : ''}.`,
  )
}
