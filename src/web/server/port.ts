// Whether the address is this machine's and the port ours to take. On a shared port the system does not say that it is
// in use: a second installation would silently get every other connection. So before a web process starts, whoever
// answers on the port must be one of this installation's own: a web process, or a balancer that visitors came by until
// now. Nothing is sent to an address before it is known to be of this machine.

import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { PlatformError } from '../../base/errors.ts'
import { isListening } from '../../base/place.ts'
import { askControl } from './ask-control.ts'
import { hostError, type PortSettings, portDetails } from './listening.ts'

const CONTROL_NAME = /^web-\d+\.sock$/
const BALANCER_NAME = /^balancer-\d+\.sock$/

/**
 * Resolves when nobody listens on the port of `settings`, or, where it is shared, only processes whose sockets are in
 * `socketDir`.
 * @throws WEB_HOST_UNAVAILABLE, WEB_PORT_IN_USE
 */
export async function assertPortIsOurs(settings: PortSettings, socketDir: string): Promise<void> {
  const { host, port } = settings
  await assertHostIsHere(settings)
  if (port === 0 || !(await isListening({ host, port }))) return
  if (settings.processes !== 1 && (await isOurs(port, socketDir))) return
  // Ours may have closed it between the two questions.
  if (!(await isListening({ host, port }))) return
  throw new PlatformError('WEB_PORT_IN_USE', portDetails(settings))
}

async function isOurs(port: number, socketDir: string): Promise<boolean> {
  const names = readdirSync(socketDir)
  const paths = (pattern: RegExp): string[] =>
    names.filter((name) => pattern.test(name)).map((name) => join(socketDir, name))
  const [balancers, reports] = await Promise.all([
    Promise.all(paths(BALANCER_NAME).map((path) => isListening({ path }))),
    Promise.all(paths(CONTROL_NAME).map((path) => askControl(path).catch(() => undefined))),
  ])
  // Only we can be where an installation keeps its sockets.
  if (balancers.includes(true)) return true
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
