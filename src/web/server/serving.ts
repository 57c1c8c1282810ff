// What all requests of one server share.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Drain } from './drain.ts'
import type { WebServerSettings } from './server.ts'

export interface Serving {
  readonly settings: WebServerSettings
  readonly log: Logger
  readonly clock: Clock
  /** See `WebServerOptions.isReady`. */
  readonly isReady: () => boolean | string
  /** Whether the application answers with `Response` objects. */
  readonly speaksFetch: boolean
  /** Set when the process is asked to stop or to refuse connections: answers then end their connection. */
  draining: boolean
  /** Begins when the port is closed. */
  readonly drain: Drain
  /** Requests and upgrades so far, health checks left out. */
  served: number
}
