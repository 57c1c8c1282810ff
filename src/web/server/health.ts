// `/-/live` and `/-/ready`, answered before the application and never cached. No other path is taken from it.
//
// Live: the process runs its event loop. Ready: send requests here. A process that drains, or whose application does
// not serve yet, is live and not ready, so a balancer leaves it alone and nobody kills it.

import type { IncomingMessage, ServerResponse } from 'node:http'
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
  /** Port that it serves on. */
  readonly port: number
  readonly residentBytes: number
}

/** Whether `url` is one of the two paths; a query is ignored. */
export function isHealthPath(url: string): boolean {
  // Nearly every request fails at the second character.
  if (url.charCodeAt(1) !== 45) return false
  return /^\/-\/(live|ready)(\?|$)/.test(url)
}

export function healthOf(serving: Serving): HealthReport {
  if (serving.draining) return { live: true, ready: false, reason: 'draining' }
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
