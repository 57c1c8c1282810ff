// The control socket: a listener of this very process, private to its user. Behind a port that several processes share,
// it is how a supervisor asks one of them (`GET /-/ready`, `/-/live`) and tells it to take new connections or not (`POST
// /-/accept`, `/-/drain`, `/-/out`). Each is answered with what the process says of itself then.

import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Clock } from '../../base/clock.ts'
import { describeError, PlatformError } from '../../base/errors.ts'
import { answerHealth, type ControlReport, isHealthPath } from './health.ts'

export interface ControlListener {
  close(): Promise<void>
}

export interface Controlled {
  readonly report: () => ControlReport
  /** Neither rejects; the report says whether it succeeded. */
  readonly accept: () => Promise<void>
  readonly drain: () => Promise<void>
  readonly out: () => Promise<void>
  readonly clock: Clock
}

// Whoever tells waits 1.5 s for an answer. A port that takes longer to close is found closed when it is told again.
const TELL_MS = 1_000

/**
 * Listens on the Unix socket `path` (mode 600), whatever a killed predecessor left there.
 * @throws WEB_CONTROL_SOCKET
 */
export async function openControl(path: string, controlled: Controlled): Promise<ControlListener> {
  const server = createServer((incoming, response) => void answer(incoming, response, controlled))
  rmSync(path, { force: true })
  try {
    await listening(server, path)
    chmodSync(path, 0o600)
  } catch (cause) {
    server.close()
    throw new PlatformError('WEB_CONTROL_SOCKET', { path, reason: describeError(cause) }, { cause })
  }
  return {
    async close() {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      await closed.promise
    },
  }
}

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  { report, accept, drain, out, clock }: Controlled,
): Promise<void> {
  const { url = '', method } = incoming
  const change = method === 'POST' && { '/-/accept': accept, '/-/drain': drain, '/-/out': out }[url]
  if (change) await within(TELL_MS, change, clock)
  else if (!isHealthPath(url)) {
    response.writeHead(404).end()
    return
  }
  answerHealth(incoming, response, report())
}

/** Resolves when `change` is made, or after `limitMs`. */
async function within(limitMs: number, change: () => Promise<void>, clock: Clock): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>()
  const cancel = clock.after(limitMs, resolve)
  await Promise.race([change(), late])
  cancel()
}

async function listening(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, resolve)
  await promise
  server.off('error', reject)
}
