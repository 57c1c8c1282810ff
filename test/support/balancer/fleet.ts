// Web servers and balancer processes on one machine, as the supervisor would run them, but by a test's hand: it starts,
// kills, stops and reloads single processes and says what is in service.

import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { haproxyEngine } from '../../../src/balancer/haproxy/engine.ts'
import { haproxyRouter } from '../../../src/balancer/haproxy/router.ts'
import { askHaproxy, runtimeSocket } from '../../../src/balancer/haproxy/runtime.ts'
import {
  balancerConfig,
  type BalancerSettings,
  type BalancerSettingsInput,
} from '../../../src/balancer/config.ts'
import { balancerMembers, type HaproxySettings, type Slot } from '../../../src/balancer/members.ts'
import { openInstallation } from '../../../src/base/installation.ts'
import { createLogger } from '../../../src/base/log.ts'
import type { MemberContext, MemberSpec } from '../../../src/base/member.ts'
import type { RouteReport, Upstream, UpstreamWish } from '../../../src/base/route.ts'
import { webConfig, type WebSettings } from '../../../src/web/config.ts'
import { until } from '../until.ts'
import { freePort } from '../free-port.ts'
import type { WebOrder, WebReport } from './web-server.ts'

export interface FleetOptions {
  /** Web servers that are started and in service. Default 3; there is one slot more than that. */
  readonly servers?: number
  readonly balancer?: BalancerSettingsInput
  readonly web?: Partial<WebSettings>
  readonly idempotent?: readonly string[]
  /** Directory that relative paths of certificates begin at. */
  readonly appDir?: string
}

export interface BalancerFleet extends AsyncDisposable {
  readonly port: number
  readonly context: MemberContext
  /** The specifications of the balancer processes; `reload` takes others. */
  readonly balancers: readonly MemberSpec[]
  /** What web servers reported of requests that are no GET, in the order of coming. */
  readonly came: readonly { readonly server: string; readonly url: string; readonly id: string }[]
  /** Resolves when the web server `name` listens; it is not in service by that. */
  startWeb(name: string): Promise<void>
  /** With SIGKILL and SIGTERM resolves when the process is gone. */
  signalWeb(name: string, signal: NodeJS.Signals): Promise<void>
  order(name: string, order: WebOrder): void
  /** Says what is wished of a server from now on, and makes it so. */
  wish(wishes: Readonly<Record<string, UpstreamWish>>): Promise<RouteReport>
  route(): Promise<RouteReport>
  /** Kills the balancer process and its workers; resolves when it is gone. */
  killBalancer(name: string): Promise<void>
  /** Resolves when the process answers; how long that took, in milliseconds. */
  startBalancer(name: string): Promise<number>
  reload(specs?: readonly MemberSpec[]): Promise<void>
  /** Says `command` on the runtime socket of the balancer process; its answer. */
  say(name: string, command: string): Promise<string>
  /** What the balancer process said on its own. */
  logOf(name: string): string
}

export function balancerSettings(port: number, options: FleetOptions): HaproxySettings {
  const web = webConfig.parse({ ...options.web, port })
  const slots = Array.from({ length: (options.servers ?? 3) + 1 }, (_, index) => ({
    name: `web-${index + 1}`,
    host: `127.${port >> 8}.${port & 255}.${index + 1}`,
    port,
  }))
  return {
    balancer: balancerConfig.parse({ checkEveryMs: 200, ...options.balancer }),
    served: web,
    slots,
    idempotent: options.idempotent ?? [],
    appDir: options.appDir ?? tmpdir(),
  }
}

/** The specification of the web server of a slot. */
export function webSpec({ name, host, port }: Slot): MemberSpec {
  const listens = { host, port }
  return { name, tier: 'web', engine: 'web', after: [], listens, address: '', settings: {} }
}

export async function startBalancerFleet(options: FleetOptions = {}): Promise<BalancerFleet> {
  await using opening = new AsyncDisposableStack()
  const dir = mkdtempSync(join(tmpdir(), 'pando-balancer-'))
  opening.defer(() => rmSync(dir, { recursive: true }))
  const port = await freePort()
  const settings = balancerSettings(port, options)
  const context: MemberContext = {
    installation: openInstallation(join(dir, 'data')),
    appDir: settings.appDir,
    log: createLogger({ level: 'error' }),
  }
  const balancers = balancerMembers(settings)
  const webs = new Map<string, ChildProcess>()
  const processes = new Map<string, ChildProcess>()
  const wishes = new Map<string, UpstreamWish>()
  const came: { server: string; url: string; id: string }[] = []
  const logPath = (name: string): string => join(context.installation.logsDir, `${name}.log`)
  const specOf = (name: string): MemberSpec => balancers.find((spec) => spec.name === name)!
  opening.defer(async () => {
    const all = [...webs.values(), ...processes.values()]
    await Promise.all(all.map((child) => kill(child)))
  })

  const fleet: Omit<BalancerFleet, typeof Symbol.asyncDispose> = {
    port,
    context,
    balancers,
    came,
    async startWeb(name) {
      const slot = settings.slots.find((candidate) => candidate.name === name)!
      const file = join(import.meta.dirname, 'web-server.ts')
      const child = fork(file, [name, slot.host, String(slot.port), JSON.stringify(options.web ?? {})], {
        execArgv: [],
      })
      webs.set(name, child)
      const listening = Promise.withResolvers<void>()
      child.on('message', (report: WebReport) => {
        if (report === 'listening') listening.resolve()
        else came.push({ server: name, url: report.url, id: report.id })
      })
      child.once('exit', (status) => listening.reject(new Error(`${name} ended with ${status}`)))
      await listening.promise
    },
    async signalWeb(name, signal) {
      const child = webs.get(name)!
      const gone = once(child, 'exit')
      child.kill(signal)
      if (signal === 'SIGKILL' || signal === 'SIGTERM') await gone
    },
    order: (name, order) => void webs.get(name)!.send(order),
    wish(changes) {
      for (const [name, wish] of Object.entries(changes)) wishes.set(name, wish)
      return fleet.route()
    },
    route() {
      const upstreams = settings.slots.flatMap((slot): Upstream[] => {
        const wish = wishes.get(slot.name)
        return wish === undefined ? [] : [{ spec: webSpec(slot), wish }]
      })
      return haproxyRouter.route(balancers, upstreams, context)
    },
    killBalancer: (name) => kill(processes.get(name)!),
    async startBalancer(name) {
      const since = performance.now()
      const launch = await haproxyEngine.prepare(specOf(name), context)
      const output = openSync(logPath(name), 'a')
      processes.set(
        name,
        spawn(launch.file, launch.args, {
          cwd: launch.cwd,
          env: launch.env,
          detached: true,
          stdio: ['ignore', output, output],
        }),
      )
      await until(
        `${name} answers`,
        10_000,
        async () => (await haproxyEngine.probe(specOf(name), context)).ready,
      )
      return performance.now() - since
    },
    async reload(specs = balancers) {
      for (const spec of specs) {
        const { pid } = processes.get(spec.name)!
        await haproxyEngine.reload!(spec, pid!, context)
      }
    },
    say: (name, command) =>
      askHaproxy(runtimeSocket(context.installation, name), [command], AbortSignal.timeout(2_000)),
    logOf: (name) => readFileSync(logPath(name), 'utf8'),
  }

  const names = settings.slots.slice(0, -1).map(({ name }) => name)
  await Promise.all(names.map((name) => fleet.startWeb(name)))
  for (const { name } of balancers) await fleet.startBalancer(name)
  await fleet.wish(Object.fromEntries(names.map((name) => [name, 'ready'])))
  const open = opening.move()
  return { ...fleet, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

/** Also what it has started: workers lead no group of their own. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  if (child.spawnfile.endsWith('haproxy')) process.kill(-child.pid, 'SIGKILL')
  await gone
}

/** The specification with other settings of the balancer. */
export function withBalancer(spec: MemberSpec, change: Partial<BalancerSettings>): MemberSpec {
  const settings = spec.settings as unknown as HaproxySettings
  return { ...spec, settings: { ...settings, balancer: { ...settings.balancer, ...change } } }
}
