// The plan: which processes a topology means. Pure, so that the same file gives the same plan on every server and two
// plans can be compared; how a member is made real is its engine's business (engines.ts).

import type { MemberSpec } from '../base/member.ts'
import { embeddedDatabaseMember } from '../database/members.ts'
import { webAddress, webMembers } from '../web/members.ts'
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

// The name that embeddedDatabaseMember gives; what the web processes wait for.
const DATABASE = 'database'

/**
 * The members of `topology` on one server: `database`, then `web-1` … `web-N`.
 * @throws DATABASE_NAME_INVALID when the application's name cannot be a database's
 */
export function planMembers(topology: Topology, { appName, cores }: PlanInput): Plan {
  const { stage, web, database, sessions, files } = topology
  const webProcesses = webMembers({
    settings: web,
    cores,
    after: [DATABASE],
    app: { databaseName: appName, database, sessions, files },
  })
  const databaseServer = embeddedDatabaseMember({
    databaseName: appName,
    database,
    clientProcesses: webProcesses.length,
  })
  return { stage, members: [databaseServer, ...webProcesses], endpoints: { web: webAddress(web) } }
}
