// `pando config`: every setting with the value in force, where it comes from, and what it accepts.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import type { ConfigEntry } from '../../topology/report.ts'
import { askedBy, askedOfRunning, asStarted, toLoad } from '../asked.ts'
import { openTerminal, type Terminal } from '../terminal.ts'

interface Options {
  readonly app?: string
  readonly stage?: string
  readonly topology?: string
  readonly data?: string
  readonly port?: string
  readonly json?: boolean
}

const EXAMPLES = `
Examples:
  $ pando config                            values, sources, ranges and meanings
  $ PANDO_WEB_PROCESSES=cores pando config  how the environment changes them
  $ pando config --stage balanced           what a stage changes
  $ pando config --json | jq '.settings[] | select(.source != "default")'

Order: default < topology file < environment < command line. Secrets are shown as ***. While the application runs,
the stage, topology file and port that \`pando up\` was given hold here too.`

export function register(program: Command): void {
  program
    .command('config')
    .description('show every setting, its value and where it comes from')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--stage <name>', 'stage of growth to run: single, balanced')
    .option('--topology <file>', 'topology file (default: pando.topology.ts of the application)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--port <number>', 'port where visitors come in (default: 3000)')
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(showConfig)
}

async function showConfig(options: Options): Promise<void> {
  const [{ loadTopology }, { reportConfig }] = await Promise.all([
    import('../../topology/index.ts'),
    import('../../topology/report.ts'),
  ])
  const appDir = resolve(options.app ?? '.')
  const before = await askedOfRunning(options)
  const asked = askedBy(options, before)
  const loaded = await loadTopology({ appDir, env: process.env, ...toLoad(appDir, asked) })
  const entries = reportConfig(loaded)
  const terminal = openTerminal()
  if (options.json)
    terminal.line(JSON.stringify({ file: loaded.file ?? null, settings: entries }, undefined, 2))
  else print(terminal, { file: loaded.file, remark: asStarted(options, before) }, entries)
}

interface Origin {
  readonly file: string | undefined
  readonly remark: string | undefined
}

function print(terminal: Terminal, { file, remark }: Origin, entries: readonly ConfigEntry[]): void {
  const { paint } = terminal
  terminal.line(
    file === undefined ? 'No topology file: everything has its default.' : `Topology file: ${file}`,
  )
  if (remark !== undefined) terminal.line(`Command line: ${remark}.`)
  for (const { key, shown, source, accepts, environment, description } of entries) {
    const from = source === 'default' ? paint.dim('default') : paint.green(`from ${source}`)
    terminal.line('')
    terminal.line(`${paint.bold(key)} = ${shown}  ${from}`)
    terminal.line(`  ${description}`)
    terminal.line(paint.dim(`  ${[accepts, environment.join(', ')].filter(Boolean).join('; ')}`))
  }
}
