// From a command line to the plan that the supervisor is given: the application is loaded, its topology read, its files
// digested. Everything that can be wrong with them is found here, before anything is started or changed.

import { realpathSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { moduleFile } from '../base/process.ts'
import type { Plan } from '../supervisor/records.ts'
import type { PlanSource } from '../topology/plan.ts'
import { askedBy, toLoad, type AskedOptions } from './asked.ts'

/** A plan as the supervisor takes it, of which the source is known. */
export type SourcedPlan = Plan & { readonly source: PlanSource }

/**
 * The plan of the application. With `current`, what runs: what its command line said holds where `options` say nothing,
 * and a number of web servers that autoscaling found stays as long as the new bounds allow it.
 * @throws the errors of loadApp and loadTopology
 */
export async function planApplication(
  options: AskedOptions,
  dataDir: string,
  current?: Plan,
): Promise<SourcedPlan> {
  const [{ loadApp }, { releaseOf }, { loadTopology, planMembers }] = await Promise.all([
    import('../app/load.ts'),
    import('../app/release.ts'),
    import('../topology/index.ts'),
  ])
  const asked = askedBy(options, (current?.source as PlanSource | undefined)?.asked)
  const appDir = resolve(options.app ?? '.')
  const { definition } = await loadApp(appDir)
  // A link such as `current` may lead elsewhere tomorrow, and what is rolled back to must be what ran.
  const dir = realpathSync(appDir)
  const { topology } = await loadTopology({ appDir: dir, env: process.env, ...toLoad(dir, asked) })
  const { name, idempotent = [] } = definition
  const webServers = current === undefined ? undefined : keptServers(current, topology.web.autoscale)
  const plan = planMembers(topology, {
    app: { name, dir, release: releaseOf(dir, dataDir), idempotent },
    cores: availableParallelism(),
    canShare: process.platform === 'linux',
    ...(webServers !== undefined && { webServers }),
    asked,
  })
  const enginesModule = moduleFile(import.meta.url, '../topology/engines')
  return { ...plan, appDir: dir, enginesModule }
}

function keptServers(
  { members }: Plan,
  autoscale: PlanSource['topology']['web']['autoscale'],
): number | undefined {
  if (autoscale === undefined) return undefined
  const running = members.filter(({ tier }) => tier === 'web').length
  return Math.min(Math.max(running, autoscale.min), autoscale.max)
}
