// The web server: one process's listener for one application, from the port to the drain.
//
// Invariants: the application never runs for a request that was refused; every request ends in exactly one answer or
// a closed connection; after `stop` nothing of ours is open. It does not load the application and knows no tier.

import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { type Clock, systemClock } from '../../base/clock.ts'
import { runForRequest } from '../../base/context.ts'
import { type EventLoopWatch, watchEventLoop } from '../../base/event-loop.ts'
import type { Logger } from '../../base/log.ts'
import { type Service, startStop } from '../../base/service.ts'
import { answerClientErrors, answerSilence, refuseUnread } from '../refusal/client-errors.ts'
import type { WebSettings } from '../config.ts'
import { type Connections, trackConnections } from './connections.ts'
import { type Controlled, type ControlListener, openControl } from './control.ts'
import { ExchangeResponse } from '../exchange/exchange-response.ts'
import type { Handler, UpgradeListener } from '../handler.ts'
import { Drain } from './drain.ts'
import { FrontDoor } from './front-door.ts'
import { applicationHealth, healthOf } from './health.ts'
import { requestListener } from '../exchange/listener.ts'
import { cut, refusalOnTheWire } from '../refusal/refusal.ts'
import { refusal } from '../refusal/statuses.ts'
import type { Serving } from './serving.ts'
import { UpgradeContext } from '../exchange/upgrade-context.ts'

export interface WebServerOptions {
  readonly handler: Handler
  /** `webConfig.parse({ … })`. With `processes` other than 1 the port is opened for sharing. */
  readonly settings: WebServerSettings
  readonly log: Logger
  readonly clock?: Clock
  /**
   * Asked for `/-/ready`: true when requests may come, else false or the reason in a few words. Must be quick and must
   * not throw. Default: always true.
   */
  readonly isReady?: () => boolean | string
}

/** The tier's settings, and what only one process has. */
export interface WebServerSettings extends WebSettings {
  /** Path of a Unix socket that answers the health paths for this process alone. Default: none. */
  readonly controlSocket?: string
  /** Whether a balancer of this installation stands in front; errors about the port then name other settings. */
  readonly isFronted?: boolean
}

export interface WebServer extends Service {
  /** Where it listens: undefined before `start` and after `stop`. */
  readonly address: { readonly host: string; readonly port: number } | undefined
  [Symbol.asyncDispose](): Promise<void>
}

/**
 * A server for `handler`. `start` resolves when it accepts connections; `stop(deadlineMs)` drains: it reports not
 * ready for `announceMs` (within the deadline), stops accepting, closes idle connections, lets requests in work finish
 * with `connection: close`, and cuts what is left at the deadline.
 *
 * A fetch handler replaces the global `Request` and `Response` with `@hono/node-server`'s light ones.
 *
 * @throws from `start`: WEB_PORT_IN_USE, WEB_PORT_PRIVILEGED, WEB_PORT_SHARING, WEB_HOST_UNAVAILABLE, WEB_CONTROL_SOCKET
 */
export function createWebServer(options: WebServerOptions): WebServer {
  const { handler, settings, log, clock = systemClock, isReady = () => true } = options
  const serving: Serving = {
    settings,
    log,
    clock,
    isReady,
    speaksFetch: 'fetch' in handler,
    draining: false,
    drain: new Drain(),
    served: 0,
  }
  // The server below makes every response of the class that the listener asks for.
  const listener = requestListener(serving, handler) as unknown as RequestListener
  let door: FrontDoor | undefined
  let control: ControlListener | undefined
  let watch: EventLoopWatch | undefined

  const service = startStop({
    async open() {
      serving.draining = false
      serving.drain.reset()
      const server = newServer(settings)
      const connections = trackConnections(server, clock)
      server.on('request', listener)
      // Before the client is told to go on, it may be told that its body is too large.
      server.on('checkContinue', (incoming, response) => {
        if (Number(incoming.headers['content-length'] ?? 0) <= settings.bodyMaxBytes) response.writeContinue()
        listener(incoming, response)
      })
      answerClientErrors(server, serving)
      answerSilence(server, serving, connections)
      refuseTunnels(server, serving)
      if (handler.upgrade !== undefined) acceptUpgrades(server, serving, connections, handler.upgrade)
      door = new FrontDoor(server, serving, connections, settings.controlSocket)
      // First, so that whoever finds the port taken can ask whether one of us has it.
      if (settings.controlSocket !== undefined) {
        watch = watchEventLoop(clock)
        control = await openControl(settings.controlSocket, controlledBy(door, serving, connections, watch))
      }
      await door.open()
    },
    async close(deadlineMs) {
      await door?.close(deadlineMs)
      await control?.close()
      watch?.stop()
      door = control = watch = undefined
    },
  })

  return {
    start: (signal) => service.start(signal),
    stop: (deadlineMs) => service.stop(deadlineMs),
    get health() {
      return service.health
    },
    get address() {
      return door?.address
    },
    [Symbol.asyncDispose]: () => service.stop(settings.drainMs),
  }
}

function controlledBy(
  door: FrontDoor,
  serving: Serving,
  connections: Connections,
  watch: EventLoopWatch,
): Controlled {
  // The wish is told every second; the log has each trouble once.
  let trouble: string | undefined
  return {
    clock: serving.clock,
    async accept() {
      try {
        await door.accept()
        trouble = undefined
      } catch (error) {
        if (trouble !== String(error)) serving.log.error({ tier: 'web', error }, 'cannot take connections')
        trouble = String(error)
      }
    },
    drain: () => door.refuse(),
    out: () => door.dismiss(),
    report: () => ({
      ...(door.isClosing ? healthOf(serving) : applicationHealth(serving)),
      pid: process.pid,
      port: door.port,
      accepting: door.isAccepting,
      residentBytes: process.memoryUsage.rss(),
      active: connections.active,
      upgraded: connections.upgradedCount,
      served: serving.served,
      loop: watch.load,
    }),
  }
}

// A slow request is noticed at the latest a quarter of its time late; Node's own interval is 30 s.
const MAX_CHECK_INTERVAL_MS = 5_000

function newServer(settings: WebSettings): Server {
  const { headersTimeoutMs, requestTimeoutMs } = settings
  const server = createServer({
    ServerResponse: ExchangeResponse,
    maxHeaderSize: settings.headersMaxBytes,
    headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
    requestTimeout: requestTimeoutMs,
    connectionsCheckingInterval: Math.min(MAX_CHECK_INTERVAL_MS, Math.ceil(headersTimeoutMs / 4)),
    keepAliveTimeout: settings.keepAliveMs,
    insecureHTTPParser: false,
    // Checked with the others, and answered with a code.
    requireHostHeader: false,
    noDelay: true,
  })
  server.maxConnections = settings.maxConnections
  return server as unknown as Server
}

/** CONNECT asks for a tunnel; without an answer Node closes the connection silently. */
function refuseTunnels(server: Server, serving: Serving): void {
  server.on('connect', (_incoming: IncomingMessage, socket: Socket) => {
    refuseUnread(socket, refusal('WEB_METHOD_UNSUPPORTED', { method: 'CONNECT' }), serving)
  })
}

function acceptUpgrades(
  server: Server,
  serving: Serving,
  connections: Connections,
  upgrade: UpgradeListener,
): void {
  server.on('upgrade', (incoming: IncomingMessage, socket: Socket, head: Buffer) => {
    serving.served++
    if (serving.drain.isOn) {
      refuseUnread(socket, refusal('WEB_DRAINING', {}), serving)
      return
    }
    const context = new UpgradeContext(serving, incoming)
    connections.upgraded(socket, incoming.headers.upgrade ?? '', context)
    // A visitor who goes away is no error of ours, and without a listener it would end the process.
    socket.on('error', () => {})
    try {
      runForRequest(context, () => upgrade(incoming, socket, head))
    } catch (error) {
      const { requestId, method } = context
      serving.log.error(
        { tier: 'web', requestId, method, error },
        'the application failed to upgrade a connection',
      )
      cut(socket, refusalOnTheWire(refusal('WEB_HANDLER_FAILED', {}), requestId), serving.clock)
    }
  })
}
