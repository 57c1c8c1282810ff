// The plan: which processes a topology means. Pure, so that the same file gives the same plan on every server and two
// plans can be compared; how a member is made real is its engine's business (engines.ts).

import { isAbsolute } from 'node:path'
import { balancerMembers, balancerNames, type Served } from '../balancer/members.ts'
import type { MemberSpec } from '../base/member.ts'
import { addressOf, type Place } from '../base/place.ts'
import type { Route } from '../base/route.ts'
import { embeddedDatabaseMember } from '../database/members.ts'
import { MAX_PROCESSES, serverHost, webMembers } from '../web/members.ts'
import type { AutoscaleSettings } from '../web/config.ts'
import { isFronted, type Topology } from './schema.ts'

export interface PlannedApp {
  /** `AppDefinition.name`; also the database's name. */
  readonly name: string
  /** Absolute directory. */
  readonly dir: string
  /** `AppRelease.release` */
  readonly release: string
  /** `AppDefinition.idempotent` */
  readonly idempotent: readonly string[]
}

export interface PlanInput {
  readonly app: PlannedApp
  /** Processor cores of this server, at least 1: what `web.processes: 'cores'` means. */
  readonly cores: number
  /** Whether processes can share a port here: on Linux. */
  readonly canShare: boolean
  /** Web servers in place of what the topology says, from `pando scale` or autoscaling. */
  readonly webServers?: number | undefined
  /** What the command line of `up` said beside the topology file; `apply` goes by it too. */
  readonly asked?: Asked | undefined
}

export interface Asked {
  readonly stage?: string | undefined
  readonly port?: string | undefined
  /** A topology file: relative to the application's directory when it is in it, else absolute. */
  readonly topology?: string | undefined
}

/** All that a plan is made of. Plain JSON. */
export interface PlanSource extends PlanInput {
  readonly topology: Topology
}

export interface Plan {
  readonly stage: string
  /** In the order of starting: a member stands behind all that it is `after`. */
  readonly members: readonly MemberSpec[]
  readonly routes: readonly Route[]
  /** Where visitors come in. */
  readonly endpoints: {
    /** `http://127.0.0.1:3000` */
    readonly web: string
  }
  readonly source: PlanSource
}

// The name that embeddedDatabaseMember gives; what the web processes wait for.
const DATABASE = 'database'

/**
 * The members of `topology` on one server: `database`, the balancer's where there is one, then `web-1` … `web-N`.
 * @throws DATABASE_NAME_INVALID when the application's name cannot be a database's
 */
export function planMembers(topology: Topology, input: PlanInput): Plan {
  const { stage, web, balancer, database, sessions, files } = topology
  const { app } = input
  const frontedBy = isFronted(topology) ? balancerNames(balancer) : []
  const servers = (count: number): MemberSpec[] =>
    webMembers({
      settings: web,
      release: { dir: app.dir, release: app.release },
      count,
      after: [DATABASE],
      frontedBy,
      canShare: input.canShare,
      app: { databaseName: app.name, database, sessions, files },
    })
  const slots = servers(web.maxServers).map(({ name, listens }) => ({ name, ...listens! }))
  const fronts =
    frontedBy.length === 0
      ? []
      : balancerMembers({
          balancer,
          served: servedBy(web),
          slots,
          idempotent: app.idempotent,
          appDir: certificatesFrom(topology, app.dir),
        })
  const serving = servers(webCount(topology, input))
  const databaseServer = embeddedDatabaseMember({
    databaseName: app.name,
    database,
    clientProcesses: Math.max(serving.length, web.maxServers),
  })
  const router = frontedBy.length > 0 ? 'haproxy' : 'shared-port'
  return {
    stage,
    members: [databaseServer, ...fronts, ...serving],
    routes: [{ tier: 'web', router, through: frontedBy }],
    endpoints: { web: visitorsAddress(topology) },
    source: { ...input, topology },
  }
}

/** The same plan with `count` web servers. Pure. */
export function withWebServers({ topology, ...input }: PlanSource, count: number): Plan {
  return planMembers(topology, { ...input, webServers: count })
}

/** A release in another directory concerns the balancer only when it takes its certificates from there. */
function certificatesFrom({ balancer }: Topology, appDir: string): string {
  return balancer.tlsCertificates.every((path) => isAbsolute(path)) ? '/' : appDir
}

/** Nothing else of the web tier concerns the balancer, above all not how many web servers there are. */
function servedBy(web: Topology['web']): Served {
  const { host, port, headersMaxBytes, headersTimeoutMs, requestTimeoutMs, answerTimeoutMs } = web
  const { keepAliveMs, maxConnections, drainMs } = web
  return {
    host,
    port,
    headersMaxBytes,
    headersTimeoutMs,
    requestTimeoutMs,
    answerTimeoutMs,
    keepAliveMs,
    maxConnections,
    drainMs,
  }
}

/** How many web servers there may be at once while it runs, one of them for the time of a change. Pure. */
export function maxWebServers({ topology }: PlanSource): number {
  return topology.web.maxServers
}

/** Where the first web server listens behind a balancer; undefined where visitors come to it. Pure. */
export function firstServerPlace(topology: Topology): Place | undefined {
  const { port, serverPort } = topology.web
  return isFronted(topology) ? { host: serverHost(port, 1), port: serverPort } : undefined
}

/** Where a person on this server can visit. Pure. */
function visitorsAddress(topology: Topology): string {
  const isEncrypted = isFronted(topology) && topology.balancer.tlsCertificates.length > 0
  return addressOf(topology.web, isEncrypted ? 'https' : 'http')
}

function webCount({ web }: Topology, { cores, webServers }: PlanInput): number {
  if (webServers !== undefined) return webServers
  if (web.autoscale !== undefined)
    return Math.min(Math.max(web.servers, web.autoscale.min), web.autoscale.max)
  if (web.servers > 1) return web.servers
  return web.processes === 'cores' ? Math.min(cores, MAX_PROCESSES) : web.processes
}

/** When web servers are added and taken away by their load; undefined: never. */
export function autoscaleOf({ topology }: PlanSource): AutoscaleSettings | undefined {
  return topology.web.autoscale
}
