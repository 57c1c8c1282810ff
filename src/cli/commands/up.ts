// `pando up`: plans, starts everything, shows how it goes, and stays as the watchdog until it is stopped; with
// `--detach` it leaves a watchdog behind and returns when everything is ready.

import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { moduleFile } from '../../base/process.ts'
import type { Plan } from '../../supervisor/records.ts'
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
  const appDir = resolve(options.app ?? '.')
  return {
    dataDir: dataDirOf(options),
    isDefaultDataDir: options.data === undefined && options.app === undefined,
    detach: options.detach === true,
    plan: await planOf(appDir, options),
  }
}

/** Everything that can be wrong with the application and the topology is found here, before anything is started. */
async function planOf(appDir: string, options: Options): Promise<Plan> {
  const [{ loadApp }, { loadTopology, planMembers }] = await Promise.all([
    import('../../app/load.ts'),
    import('../../topology/index.ts'),
  ])
  const { definition } = await loadApp(appDir)
  const { topology } = await loadTopology({
    appDir,
    file: options.topology,
    env: process.env,
    flags: [
      { flag: '--stage', key: 'stage', value: options.stage },
      { flag: '--port', key: 'web.port', value: options.port },
    ],
  })
  const plan = planMembers(topology, {
    app: { name: definition.name, dir: appDir, release: '', idempotent: definition.idempotent ?? [] },
    cores: availableParallelism(),
    canShare: process.platform === 'linux',
  })
  return { ...plan, appDir, enginesModule: moduleFile(import.meta.url, '../../topology/engines') }
}
