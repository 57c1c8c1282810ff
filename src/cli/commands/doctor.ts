// `pando doctor`: everything that can be known to be wrong before anything is started, each with what to do about it.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { askedBy, askedOfRunning, asStarted, toLoad } from '../asked.ts'
import { dataDirOf } from '../data-dir.ts'
import { exitStatus, type Check } from '../doctor/check.ts'
import { printSource } from '../doctor/print-source.ts'
import type { SourceCheck } from '../doctor/probe-source.ts'
import { openTerminal, type Terminal } from '../terminal.ts'

interface Options {
  readonly app?: string
  readonly stage?: string
  readonly topology?: string
  readonly port?: string
  readonly data?: string
  readonly json?: boolean
}

const EXAMPLES = `
Examples:
  $ pando doctor                      check this machine and the application in this directory
  $ pando doctor --app examples/shop  another application
  $ pando doctor --stage balanced     whether \`pando up --stage balanced\` would work
  $ pando doctor --json | jq '.checks[] | select(.state != "ok")'
  $ pando doctor --json | jq '.source.findings[] | "\\(.file):\\(.line) \\(.rule)"'

The application's source is read for state, timers and files that would break on several web servers. That is a warning
with one server or with \`balancer.sticky\`, and a failure with several. \`// pando: per-process <reason>\` beside the
code accepts it.

While the application runs, the stage, topology file and port that \`pando up\` was given hold here too.
Exit status 0 when nothing failed (warnings are allowed), 1 otherwise. Nothing is started or changed.`

export function register(program: Command): void {
  program
    .command('doctor')
    .description('check the machine, the application and the topology')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--stage <name>', 'stage of growth to run: single, balanced')
    .option('--topology <file>', 'topology file (default: pando.topology.ts of the application)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--port <number>', 'port where visitors come in (default: 3000)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(examine)
}

async function examine(options: Options): Promise<void> {
  const { checks, source } = await runChecks(options)
  const terminal = openTerminal()
  if (options.json) terminal.line(JSON.stringify({ checks, source: source?.report }, undefined, 2))
  else {
    printChecks(terminal, checks)
    if (source?.report !== undefined) printSource(terminal, source.report, source.check.state)
    printVerdict(terminal, checks)
  }
  process.exitCode = exitStatus(checks)
}

interface Examined {
  readonly checks: readonly Check[]
  readonly source: SourceCheck | undefined
}

// What a web process has when nothing is set; for the case that the topology cannot be read.
const DEFAULT_MAX_CONNECTIONS = 10_000

async function runChecks(options: Options): Promise<Examined> {
  const [
    { checkMachine },
    { checkHaproxy, checkPostgres },
    { checkApp, checkMigrations, checkPort, checkServers, checkTopology },
    { checkSource },
    { serversOf },
  ] = await Promise.all([
    import('../doctor/probe-machine.ts'),
    import('../doctor/probe-engines.ts'),
    import('../doctor/probe-app.ts'),
    import('../doctor/probe-source.ts'),
    import('../doctor/judge-source.ts'),
  ])
  const appDir = resolve(options.app ?? '.')
  const dataDir = dataDirOf(options)
  const before = await askedOfRunning(options)
  const topology = await checkTopology(
    { appDir, env: process.env, ...toLoad(appDir, askedBy(options, before)) },
    asStarted(options, before),
  )
  const application = await checkApp(appDir)
  const source = await checkSource(appDir, serversOf(topology.loaded?.topology))
  const loaded = topology.loaded?.topology
  const web = loaded?.web
  const maxConnections = web?.maxConnections ?? DEFAULT_MAX_CONNECTIONS
  const checks = [
    ...checkMachine({ appDir, dataDir, maxConnections }),
    checkPostgres(dataDir),
    ...(loaded === undefined ? [] : await checkHaproxy(loaded)),
    topology.check,
    ...(web === undefined ? [] : [await checkPort(dataDir, web.host, web.port)]),
    ...(loaded === undefined ? [] : await checkServers(dataDir, loaded)),
    application.check,
    ...(application.loaded === undefined
      ? []
      : [checkMigrations(appDir, application.loaded.definition.migrations)]),
    ...(source === undefined ? [] : [source.check]),
  ]
  return { checks, source }
}

const MARKS = { ok: '✓', warn: '!', fail: '✗' } as const

function printChecks(terminal: Terminal, checks: readonly Check[]): void {
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
}

function printVerdict(terminal: Terminal, checks: readonly Check[]): void {
  const { paint } = terminal
  const count = (state: Check['state']): number => checks.filter((check) => check.state === state).length
  terminal.line('')
  terminal.line(
    count('fail') > 0
      ? paint.red(`${count('fail')} of ${checks.length} checks failed.`)
      : `Ready: no check of ${checks.length} failed${count('warn') > 0 ? `, ${count('warn')} warned` : ''}.`,
  )
}
