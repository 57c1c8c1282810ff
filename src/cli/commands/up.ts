// `pando up`: plans, starts everything, shows how it goes, and stays as the watchdog until it is stopped; with
// `--detach` it leaves a watchdog behind and returns when everything is ready.

import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { dataDirOf } from '../data-dir.ts'
import type { Launch } from '../launch.ts'
import { openTerminal } from '../terminal.ts'

interface Options {
  readonly app?: string
  readonly stage?: string
  readonly topology?: string
  readonly detach?: boolean
  readonly data?: string
  readonly port?: string
}

const EXAMPLES = `
Examples:
  $ pando up                                 run the application in this directory
  $ pando up --app examples/minimal          run another one
  $ pando up --port 8080 --data /srv/shop    another port, another data directory
  $ pando up --stage balanced                several web servers behind a balancer
  $ pando up --detach && pando logs -f       in the background, watching its logs

Ctrl-C stops everything in reverse order; a second Ctrl-C does not wait for requests under way.`

export function register(program: Command): void {
  program
    .command('up')
    .description('start the application and everything it needs, and keep it running')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--stage <name>', 'stage of growth to run: single, balanced')
    .option('--topology <file>', 'topology file (default: pando.topology.ts of the application)')
    .option('--detach', 'run in the background; returns when everything is ready')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--port <number>', 'port where visitors come in (default: 3000)')
    .addHelpText('after', EXAMPLES)
    .action(async (options: Options) => {
      const { bringUp } = await import('../launch.ts')
      process.exitCode = await bringUp(openTerminal(), systemClock, await launchOf(options))
    })
}

async function launchOf(options: Options): Promise<Launch> {
  const { planApplication } = await import('../planning.ts')
  const dataDir = dataDirOf(options)
  return {
    dataDir,
    isDefaultDataDir: options.data === undefined && options.app === undefined,
    detach: options.detach === true,
    plan: await planApplication(options, dataDir),
  }
}
