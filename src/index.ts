// The page a newcomer reads first: what an application and a topology look like.

import type { Database } from './database/index.ts'
import type { Files } from './files/index.ts'
import type { Logger } from './base/log.ts'
import type { Sessions } from './sessions/index.ts'
import type { TopologyInput } from './topology/index.ts'
import type { Handler } from './web/index.ts'

/** What an application is given at start. */
export interface Tiers {
  readonly database: Database
  readonly sessions: Sessions
  readonly files: Files
  readonly log: Logger
  /** A secret of this installation, the same on every server: 43 characters, one for each `name` (`[a-z0-9-]+`). */
  readonly secret: (name: string) => string
}

/** What an application answers with, and optionally how it lets go of what it opened itself. */
export type RunningApp = Handler & { close?(): void | Promise<void> }

export interface AppDefinition {
  /** Lower-case name, `[a-z][a-z0-9-]*`: also the database's name. */
  readonly name: string
  /** Directory of `0001_name.sql` files beside the application file. Default: no migrations. */
  readonly migrations?: string
  /**
   * Routes whose requests may arrive twice and are applied once, by `database.once` or by their nature: `POST
   * /api/articles`, `DELETE /api/articles/*` (one segment), `PUT /files/**` (the rest). When a web server dies, its
   * unanswered requests to them are sent to another. Default: none, and only GET, HEAD and OPTIONS are.
   */
  readonly idempotent?: readonly string[]
  /** Opens the application on the tiers it is given. Runs once in every web process. */
  setup(tiers: Tiers): RunningApp | Promise<RunningApp>
}

/** The default export of `app.ts`. */
export function defineApp(definition: AppDefinition): AppDefinition {
  return definition
}

/** The default export of `pando.topology.ts`. Without the file the stage is `single`. */
export function defineTopology(topology: TopologyInput): TopologyInput {
  return topology
}

export { currentRequest, type RequestContext } from './base/context.ts'
export { isPlatformError, PlatformError, type ErrorCode } from './base/errors.ts'
export type { Database, Files, Handler, Logger, Sessions, TopologyInput }
