// Whether the application and its topology can be used: the file loads, the migrations are in order, every setting is
// valid, the port can be had. Nothing of the application is started; its module is loaded, as `up` would.

import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { loadApp, type LoadedApp } from '../../app/load.ts'
import { isPlatformError } from '../../base/errors.ts'
import { planMigrations } from '../../database/migrations/plan.ts'
import { statusFromRecords } from '../../supervisor/status.ts'
import { realInstallation } from '../../supervisor/records.ts'
import { loadTopology, type LoadedTopology } from '../../topology/index.ts'
import type { LoadOptions } from '../../topology/load.ts'
import { firstServerPlace } from '../../topology/plan.ts'
import type { Topology } from '../../topology/schema.ts'
import { fail, ok, type Check } from './check.ts'
import { judgePort, judgeServers, type PortProbe } from './judge-port.ts'

/** A check together with what it loaded, when that worked. */
export interface Loading<T> {
  readonly check: Check
  readonly loaded: T | undefined
}

export async function checkApp(appDir: string): Promise<Loading<LoadedApp>> {
  return attempt(
    'application',
    () => loadApp(appDir),
    ({ file, definition }) => `${definition.name}, ${file}`,
  )
}

/** `remark`: what else there is to say of where its values come from. */
export async function checkTopology(
  options: LoadOptions,
  remark: string | undefined,
): Promise<Loading<LoadedTopology>> {
  const load = (): Promise<LoadedTopology> => loadTopology(options)
  return attempt('topology', load, ({ topology, file }) => {
    const from = file ?? 'no file: everything has its default'
    return [`stage "${topology.stage}"`, from, ...(remark === undefined ? [] : [remark])].join(', ')
  })
}

async function attempt<T>(
  name: string,
  load: () => Promise<T>,
  found: (loaded: T) => string,
): Promise<Loading<T>> {
  try {
    const loaded = await load()
    return { check: ok(name, found(loaded)), loaded }
  } catch (error) {
    if (!isPlatformError(error)) throw error
    return { check: fail(name, error.message, error.fix), loaded: undefined }
  }
}

/** The files alone; whether they fit a database is found when they are applied. */
export function checkMigrations(appDir: string, migrations: string | undefined): Check {
  const name = 'migrations'
  if (migrations === undefined) return ok(name, 'the application has none')
  const directory = resolve(appDir, migrations)
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    return fail(name, `there is no directory ${directory}`, `Make it: \`mkdir ${directory}\`.`)
  const files = readdirSync(directory, { withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.sql'))
    .map(({ name: fileName }) => ({ fileName, content: readFileSync(join(directory, fileName), 'utf8') }))
  const plan = planMigrations(files, [])
  return plan.outcome === 'apply'
    ? ok(name, `${plan.pending.length} in ${directory}`)
    : fail(name, plan.problems.join('; '), `Correct the files in ${directory}.`)
}

/** Whether visitors can be served there, by listening for a moment. */
export async function checkPort(dataDir: string, host: string, port: number): Promise<Check> {
  const probe = await tryListening(host, port)
  return judgePort(host, port, probe, probe === 'EADDRINUSE' && servesHere(dataDir, port))
}

/** Whether the first web server behind a balancer has an address of its own; nothing where visitors come to it. */
export async function checkServers(dataDir: string, topology: Topology): Promise<Check[]> {
  const place = firstServerPlace(topology)
  if (place === undefined) return []
  const { port, maxServers } = topology.web
  const probe = await tryListening(place.host, place.port)
  const isOurs = probe === 'EADDRINUSE' && servesHere(dataDir, port)
  return [judgeServers(place, probe, { isOurs, count: maxServers })]
}

function tryListening(host: string, port: number): Promise<PortProbe> {
  const server = createServer()
  const { promise, resolve } = Promise.withResolvers<PortProbe>()
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve('free')))
  return promise
}

function servesHere(dataDir: string, port: number): boolean {
  // Opening an installation makes its directories, and a check makes nothing.
  if (!existsSync(join(dataDir, 'run'))) return false
  const status = statusFromRecords(realInstallation(dataDir))
  const runs = status?.members.some(({ tier, state }) => tier === 'web' && state === 'running') ?? false
  return runs && new URL(status!.endpoints.web ?? 'http://none').port === String(port)
}
