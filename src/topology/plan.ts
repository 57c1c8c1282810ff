// The plan: which processes a topology means. Pure, so that the same file gives the same plan on every server and two
// plans can be compared; how a member is made real is its engine's business (engines.ts).

import type { MemberSpec } from '../base/member.ts'
import type { Topology } from './schema.ts'

export interface PlanInput {
  /** `AppDefinition.name`; also the database's name. */
  readonly appName: string
  /** Processor cores of this server, at least 1: what `web.processes: 'cores'` means. */
  readonly cores: number
}

export interface Plan {
  readonly stage: string
  /** In the order of starting: a member stands behind all that it is `after`. */
  readonly members: readonly MemberSpec[]
  /** Where visitors come in. */
  readonly endpoints: {
    /** `http://127.0.0.1:3000` */
    readonly web: string
  }
}

// More processes than this compete for the database's connections and win nothing on one server.
const MAX_WEB_PROCESSES = 64

/** The members of `topology` on one server: `database`, then `web-1` … `web-N`. */
export function planMembers(topology: Topology, { appName, cores }: PlanInput): Plan {
  const { web, database, sessions, files } = topology
  const address = `http://${urlHost(web.host)}:${web.port}`
  const databaseMember: MemberSpec = {
    name: 'database',
    tier: 'database',
    engine: 'postgres-embedded',
    after: [],
    address: '.pando/database',
    settings: { ...database, databaseName: appName },
  }
  const processes = web.processes === 'cores' ? Math.min(cores, MAX_WEB_PROCESSES) : web.processes
  const webMembers = Array.from({ length: processes }, (_, index): MemberSpec => ({
    name: `web-${index + 1}`,
    tier: 'web',
    engine: 'web',
    after: [databaseMember.name],
    address,
    settings: { web, database, sessions, files, databaseName: appName },
  }))
  return { stage: topology.stage, members: [databaseMember, ...webMembers], endpoints: { web: address } }
}

/** RFC 3986 §3.2.2 puts IPv6 addresses into brackets; nobody can visit "any address". */
function urlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}
