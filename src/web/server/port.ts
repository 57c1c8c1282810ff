// Whether the address is this machine's and the port ours to take. On a shared port the system does not say that it is in use: a second installation
// would silently get every other connection. So before a web process starts, whoever answers on the port must be one
// of this installation's own. Nothing is sent to an address before it is known to be of this machine.

import { readdirSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { join } from 'node:path'
import { PlatformError } from '../../base/errors.ts'
import { askControl } from './ask-control.ts'
import { hostError, type PortSettings, portDetails } from './listening.ts'

const CONNECT_MS = 1_000
const CONTROL_NAME = /^web-\d+\.sock$/

/**
 * Resolves when nobody listens on the port of `settings`, or, where it is shared, only processes whose control sockets
 * are in `socketDir`.
 * @throws WEB_HOST_UNAVAILABLE, WEB_PORT_IN_USE
 */
export async function assertPortIsOurs(settings: PortSettings, socketDir: string): Promise<void> {
  const { host, port } = settings
  await assertHostIsHere(settings)
  if (port === 0 || !(await isListening(host, port))) return
  if (settings.processes !== 1 && (await isOurs(port, socketDir))) return
  // Ours may have closed it between the two questions.
  if (!(await isListening(host, port))) return
  throw new PlatformError('WEB_PORT_IN_USE', portDetails(settings))
}

async function isOurs(port: number, socketDir: string): Promise<boolean> {
  const paths = readdirSync(socketDir).filter((name) => CONTROL_NAME.test(name))
  const reports = await Promise.all(
    paths.map((name) => askControl(join(socketDir, name)).catch(() => undefined)),
  )
  // A process opens its control socket before the port, so one that is about to listen reports port 0.
  return reports.some((report) => report !== undefined && (report.port === port || report.port === 0))
}

/**
 * Asks the kernel, with any free port: the list of interfaces has neither all of 127.0.0.0/8 nor names. Other troubles
 * are left to the process that listens, which tells them better.
 * @throws WEB_HOST_UNAVAILABLE
 */
async function assertHostIsHere(settings: PortSettings): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.ErrnoException | undefined>()
  const server = createServer((socket) => socket.destroy())
  server.once('error', resolve)
  server.listen({ host: settings.host, port: 0, exclusive: true }, () =>
    server.close(() => resolve(undefined)),
  )
  const error = await promise
  const unavailable = error && hostError(error, settings)
  if (unavailable !== undefined) throw unavailable
}

/** Whether somebody accepts connections there; no answer at all counts as somebody. */
async function isListening(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host: reachable(host), port, timeout: CONNECT_MS })
  socket.once('connect', () => resolve(true))
  socket.once('timeout', () => resolve(true))
  socket.once('error', () => resolve(false))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}

/** Nobody can connect to "any address". */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
