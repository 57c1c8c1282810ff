// The control socket: a listener of this very process, private to its user, that answers only the health paths. Behind
// a port that several processes share, it is how a supervisor asks one of them.

import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { describeError, PlatformError } from '../../base/errors.ts'
import { answerHealth, type ControlReport, isHealthPath } from './health.ts'

export interface ControlListener {
  close(): Promise<void>
}

/**
 * Listens on the Unix socket `path` (mode 600), whatever a killed predecessor left there.
 * @throws WEB_CONTROL_SOCKET
 */
export async function openControl(path: string, report: () => ControlReport): Promise<ControlListener> {
  const server = createServer((incoming, response) => {
    if (isHealthPath(incoming.url ?? '')) answerHealth(incoming, response, report())
    else response.writeHead(404).end()
  })
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

async function listening(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(path, resolve)
  await promise
  server.off('error', reject)
}
