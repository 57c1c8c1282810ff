// Whether visitors can come in where they are to: the address is this machine's and nobody else has the port.
//
// On a port that is opened for sharing, the system does not say that it is in use: a second installation of the same
// user would get every other connection. So before a process starts, whoever answers must be one of this installation:
// another balancer process, or a web process of a time before there was a balancer.

import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describeError, PlatformError } from '../../base/errors.ts'
import { askLocal } from '../../base/local-http.ts'
import { isListening, type Place } from '../../base/place.ts'
import { askHaproxy } from './runtime.ts'

const ASK_MS = 1_000
const BALANCER_SOCKET = /\/balancer-\d+\.sock$/
const WEB_SOCKET = /\/web-\d+\.sock$/
const REPORT_MAX_BYTES = 4_096

/**
 * Resolves with whether web processes of this installation have visitors come in there.
 * @throws BALANCER_PORT_IN_USE, BALANCER_PORT_PRIVILEGED, BALANCER_HOST_UNAVAILABLE
 */
export async function assertPlaceIsOurs(place: Place, socketDir: string): Promise<boolean> {
  if (!(await isListening(place))) {
    await tryToListen(place)
    return false
  }
  const names = readdirSync(socketDir).map((name) => join(socketDir, name))
  const [isWeb, isBalancing] = await Promise.all([
    isAny(names.filter((name) => WEB_SOCKET.test(name)).map((path) => isWebProcess(path, place))),
    isAny(names.filter((name) => BALANCER_SOCKET.test(name)).map(isBalancer)),
  ])
  if (!isWeb && !isBalancing) throw new PlatformError('BALANCER_PORT_IN_USE', place)
  return isWeb
}

/** For sharing, so that two processes that start at once do not find each other in the way. */
async function tryToListen({ host, port }: Place): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const server = createServer((socket) => socket.destroy())
  server.once('error', reject)
  server.listen({ host, port, exclusive: true, reusePort: process.platform === 'linux' }, () =>
    server.close(() => resolve()),
  )
  try {
    await promise
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'EADDRINUSE') throw new PlatformError('BALANCER_PORT_IN_USE', { host, port }, { cause })
    if (code === 'EACCES') throw new PlatformError('BALANCER_PORT_PRIVILEGED', { port }, { cause })
    throw new PlatformError('BALANCER_HOST_UNAVAILABLE', { host, reason: describeError(cause) }, { cause })
  }
}

async function isAny(questions: readonly Promise<boolean>[]): Promise<boolean> {
  const answers = await Promise.allSettled(questions)
  return answers.some((answer) => answer.status === 'fulfilled' && answer.value)
}

async function isBalancer(path: string): Promise<boolean> {
  return (await askHaproxy(path, ['show info'], AbortSignal.timeout(ASK_MS))).includes('Name: HAProxy')
}

async function isWebProcess(socketPath: string, { port }: Place): Promise<boolean> {
  const { text } = await askLocal({
    socketPath,
    path: '/-/ready',
    timeoutMs: ASK_MS,
    maxBytes: REPORT_MAX_BYTES,
  })
  return (JSON.parse(text) as { readonly port?: number }).port === port
}
