// `/-/live` and `/-/ready`, answered before the application and never cached. No other path is taken from it.
//
// Live: the process runs its event loop. Ready: send requests here. A process that drains, or whose application does
// not serve yet, is live and not ready, so a balancer leaves it alone and nobody kills it.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { EventLoopLoad } from '../../base/event-loop.ts'
import type { Serving } from './serving.ts'

/** Body of both answers. */
export interface HealthReport {
  readonly live: true
  readonly ready: boolean
  /** Why it is not ready: `draining`, or what `isReady` says. */
  readonly reason?: string
}

/** What a process says of itself on its control socket. */
export interface ControlReport extends HealthReport {
  readonly pid: number
  /** Port that it listens on; 0 when it is about to, null when it was told not to or stops. */
  readonly port: number | null
  /** Whether it takes new connections. One that does not may be `ready` all the same, and takes them when told to. */
  readonly accepting: boolean
  readonly residentBytes: number
  /** Connections with a request in work, upgraded ones included. */
  readonly active: number
  /** Connections that speak another protocol now: WebSockets. */
  readonly upgraded: number
  /** Requests since the process began, health checks left out. */
  readonly served: number
  /** How busy its event loop was in the last second. */
  readonly loop: EventLoopLoad
}

/** Whether `url` is one of the two paths; a query is ignored. */
export function isHealthPath(url: string): boolean {
  // Nearly every request fails at the second character.
  if (url.charCodeAt(1) !== 45) return false
  return /^\/-\/(live|ready)(\?|$)/.test(url)
}

export function healthOf(serving: Serving): HealthReport {
  if (serving.draining) return { live: true, ready: false, reason: 'draining' }
  return applicationHealth(serving)
}

/** Whether the application serves, of a process that is not being stopped. */
export function applicationHealth(serving: Serving): HealthReport {
  const ready = serving.isReady()
  if (ready === true) return { live: true, ready }
  return { live: true, ready: false, reason: ready === false ? 'starting' : ready }
}

/** Answers `/-/live` with 200, and `/-/ready` with 200 or 503. */
export function answerHealth(
  incoming: IncomingMessage,
  response: ServerResponse,
  report: HealthReport,
): void {
  const body = JSON.stringify(report)
  const isLive = incoming.url?.startsWith('/-/live') === true
  response.writeHead(isLive || report.ready ? 200 : 503, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
  })
  response.end(incoming.method === 'HEAD' ? undefined : body)
}
