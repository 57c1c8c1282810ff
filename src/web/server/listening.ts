// How a server begins and ends to accept connections on its port, alone or with other processes.
//
// The end is the delicate part. The kernel has accepted connections before the process asks for them, and closing the
// port resets those that still wait; on a shared port it goes on to give us new ones until the port is closed. So the
// waiting ones are taken first, down to the last that can be seen. docs/explanation/web.md says what remains.

import type { Server } from 'node:http'
import { type AddressInfo, Server as PortServer } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import { describeError, type ErrorDetails, PlatformError } from '../../base/errors.ts'
import { turn } from '../../base/turn.ts'
import type { WebSettings } from '../config.ts'

/** What there is to know about a port before it is opened. */
export type PortSettings = Pick<WebSettings, 'host' | 'port' | 'processes'> & {
  /** Whether a balancer stands in front of it; the address is then `web.serverPort` on a loopback address of its own. */
  readonly isFronted?: boolean
}

/** Resolves when `server` accepts connections. @throws WEB_PORT_IN_USE and the others of `WebServer.start` */
export async function listen(
  server: Server,
  settings: PortSettings,
): Promise<{ readonly host: string; readonly port: number }> {
  const { host, port, processes } = settings
  if (processes !== 1) assertSharable(settings)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  // `exclusive`: in a `node:cluster` worker the primary must not open the port in our name.
  server.listen({ host, port, exclusive: true, reusePort: processes !== 1 }, resolve)
  try {
    await promise
  } catch (cause) {
    throw listenError(cause as NodeJS.ErrnoException, settings)
  }
  server.off('error', reject)
  const bound = server.address() as AddressInfo
  return { host: bound.address, port: bound.port }
}

type PortDetails = ErrorDetails<'WEB_PORT_IN_USE'>

// Time to take what waits while the queue is open. A process that keeps up is done in a few turns.
const OPEN_MS = 100
// Time to take what is left of a queue that lets nobody else in: 511 connections, Node's backlog, at 6 ms each.
const SHORT_MS = 3_000
// How long the last connection of a shared port is waited for. Without one in this time, the next is not likely to come
// in the moment of closing.
const LAST_MS = 20
// oxlint-disable-next-line typescript/unbound-method -- always called with the server as `this`
const closePort = PortServer.prototype.close

/**
 * Takes the connections that wait for `server`, for 3.2 s at most and only while there is time left, and closes the port;
 * `listen` opens it again. Connections stay as they are. `isShared` says that other processes listen on it too, and go on.
 */
export async function stopAccepting(
  server: Server,
  isShared: boolean,
  clock: Clock,
  leftMs: () => number,
): Promise<void> {
  let accepted = 0
  let isLast = false
  const close = (): void => {
    // The HTTP server's own also ends its watch over slow requests, of which there may still be some.
    if (server.listening) closePort.call(server)
  }
  const count = (): void => {
    accepted++
    // At this moment, and at no other, the queue of one is known to be empty.
    if (isLast) close()
  }
  // Before the listeners that prepare the connection: what they take, a next one could use to come.
  server.prependListener('connection', count)
  server.on('drop', count)
  await takeWaiting(OPEN_MS)
  keepQueueShort(server)
  await takeWaiting(SHORT_MS)
  if (isShared) {
    isLast = true
    await turnsWhile(() => server.listening, LAST_MS)
  }
  server.off('connection', count)
  server.off('drop', count)
  close()

  /** libuv looks for a connection in every turn, so a turn without one has found none waiting. */
  async function takeWaiting(limitMs: number): Promise<void> {
    let before = -1
    const isMore = (): boolean => {
      const more = accepted !== before
      before = accepted
      return more
    }
    await turnsWhile(isMore, limitMs)
  }

  async function turnsWhile(isOn: () => boolean, limitMs: number): Promise<void> {
    const untilMs = clock.monotonic() + limitMs
    while (isOn()) {
      await turn()
      if (clock.monotonic() >= untilMs || leftMs() <= 0) return
    }
  }
}

type Listening = Server & { readonly _handle?: { listen(backlog: number): number } | null }

/**
 * From here on the kernel lets one connection wait and ignores who else asks; that client asks again after a second,
 * when the port is closed, and is given to another process if there is one. listen(2) may be called again to set the backlog.
 */
function keepQueueShort(server: Listening): void {
  server._handle?.listen(0)
}

function assertSharable({ processes, port }: PortSettings): void {
  const count = typeof processes === 'number' ? processes : 2
  if (process.platform !== 'linux')
    throw new PlatformError('WEB_PORT_SHARING', {
      processes: count,
      reason: `${process.platform} does not spread connections over them`,
    })
  if (port === 0)
    throw new PlatformError('WEB_PORT_SHARING', {
      processes: count,
      reason: 'port 0 is another port for each',
    })
}

function listenError(cause: NodeJS.ErrnoException, settings: PortSettings): Error {
  switch (cause.code) {
    case 'EADDRINUSE':
      return new PlatformError('WEB_PORT_IN_USE', portDetails(settings), { cause })
    case 'EACCES':
      return new PlatformError('WEB_PORT_PRIVILEGED', { port: settings.port }, { cause })
    default:
      return hostError(cause, settings) ?? cause
  }
}

/** Details of an error about this port: where it is, and the setting that moves it. */
export function portDetails({ host, port, isFronted }: PortSettings): PortDetails {
  return { host, port, setting: isFronted === true ? 'web.serverPort' : 'web.port' }
}

const HOST_TROUBLES: readonly (string | undefined)[] = ['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EINVAL']

/** The error for a `host` that is not one of this machine, if `cause` says so. */
export function hostError(
  cause: NodeJS.ErrnoException,
  { host, isFronted }: PortSettings,
): PlatformError<'WEB_HOST_UNAVAILABLE'> | undefined {
  if (!HOST_TROUBLES.includes(cause.code)) return undefined
  const setting = isFronted === true ? 'balancer.driver' : 'web.host'
  return new PlatformError('WEB_HOST_UNAVAILABLE', { host, setting, reason: describeError(cause) }, { cause })
}
