// The supervisor's control socket: HTTP with JSON over a Unix socket in a directory of mode 700, so that whoever may
// control an installation is whoever owns it. `GET /report` answers what runs; `POST /stop` (`?fast`) begins a stop
// and answers before it is done.

import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describeError, PlatformError } from '../base/errors.ts'
import { socketDirectory, type Installation } from '../base/installation.ts'
import { askLocal } from '../base/local-http.ts'
import type { Report } from './status.ts'

export interface ControlHandlers {
  report(): Report
  stop(fast: boolean): void
}

/** Far above any report; a larger answer is refused. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024

function controlSocket(installation: Installation): string {
  return join(socketDirectory(installation, 'run'), 'control.sock')
}

/** Listens; the caller has the supervisor's lock, so a socket that is there is a dead one's. Resolves with `close`. */
export async function serveControl(
  installation: Installation,
  handlers: ControlHandlers,
): Promise<() => Promise<void>> {
  const path = controlSocket(installation)
  rmSync(path, { force: true })
  const server = createServer((incoming, outgoing) => {
    incoming.resume()
    const route = `${incoming.method} ${incoming.url}`
    outgoing.setHeader('content-type', 'application/json')
    if (route === 'GET /report') outgoing.end(JSON.stringify(handlers.report()))
    else if (route === 'POST /stop' || route === 'POST /stop?fast') {
      handlers.stop(route.endsWith('?fast'))
      outgoing.writeHead(202).end('{}')
    } else outgoing.writeHead(404).end('{}')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}

/** @throws SUPERVISOR_UNREACHABLE when there is no supervisor, or none that answers within `timeoutMs`. */
export async function askReport(installation: Installation, timeoutMs = 2_000): Promise<Report> {
  return JSON.parse(await ask(installation, 'GET', '/report', timeoutMs)) as Report
}

/** Begins a clean stop; with `fast` every grace ends after a second. @throws SUPERVISOR_UNREACHABLE */
export async function askStop(installation: Installation, fast: boolean, timeoutMs = 2_000): Promise<void> {
  await ask(installation, 'POST', fast ? '/stop?fast' : '/stop', timeoutMs)
}

async function ask(
  installation: Installation,
  method: 'GET' | 'POST',
  path: string,
  timeoutMs: number,
): Promise<string> {
  const socketPath = controlSocket(installation)
  try {
    const { text } = await askLocal({ socketPath, method, path, timeoutMs, maxBytes: ANSWER_MAX_BYTES })
    return text
  } catch (cause) {
    const details = { socket: socketPath, reason: describeError(cause) }
    throw new PlatformError('SUPERVISOR_UNREACHABLE', details, { cause })
  }
}
