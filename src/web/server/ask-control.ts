// The client side of a web process's control socket: how the supervisor asks one process of those that share a port, and
// tells it to take connections or not.

import { join } from 'node:path'
import { socketDirectory, type Installation } from '../../base/installation.ts'
import { askLocal } from '../../base/local-http.ts'
import type { ControlReport } from './health.ts'

// The supervisor waits 2 s for an answer.
const CONTROL_MS = 1_500
const CONTROL_MAX_BYTES = 4_096

/** Path of the control socket of the web process `name` of `installation`. */
export function controlSocketOf(name: string, installation: Installation): string {
  return join(socketDirectory(installation, 'run'), `${name}.sock`)
}

/** What the process behind the control socket `path` says of itself. Rejects when there is none or it hangs. */
export function askControl(socketPath: string): Promise<ControlReport> {
  return ask(socketPath, 'GET', '/-/ready')
}

/**
 * Tells the process behind the control socket `path` to take new connections (`accept`), or to take none and to let go
 * of those it has (`drain`, `out`); what it says of itself then. Its `accepting` may still be the other one: it has up
 * to 3.2 s of connections to take before it refuses, and `out` means nothing to one that was never told to accept.
 */
export function tellControl(socketPath: string, wish: 'accept' | 'drain' | 'out'): Promise<ControlReport> {
  return ask(socketPath, 'POST', `/-/${wish}`)
}

async function ask(socketPath: string, method: 'GET' | 'POST', path: string): Promise<ControlReport> {
  const bounds = { timeoutMs: CONTROL_MS, maxBytes: CONTROL_MAX_BYTES }
  const { text } = await askLocal({ socketPath, method, path, ...bounds })
  return JSON.parse(text) as ControlReport
}
