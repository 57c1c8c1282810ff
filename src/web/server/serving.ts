// What all requests of one server share.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { WebSettings } from '../config.ts'

export interface Serving {
  readonly settings: WebSettings
  readonly log: Logger
  readonly clock: Clock
  /** See `WebServerOptions.isReady`. */
  readonly isReady: () => boolean | string
  /** Whether the application answers with `Response` objects. */
  readonly speaksFetch: boolean
  /** Set when the process is asked to stop: answers then end their connection. */
  draining: boolean
}
