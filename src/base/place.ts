// A host and a port on which somebody listens: the address that a person visits, and whether anybody is there.

import { connect } from 'node:net'

export interface Place {
  /** An address or a name; `0.0.0.0` and `::` are every address of this machine. */
  readonly host: string
  readonly port: number
}

const CONNECT_MS = 1_000

/** Where a person on this server can visit: `http://127.0.0.1:3000`. RFC 3986 §3.2.2 puts IPv6 into brackets. Pure. */
export function addressOf({ host, port }: Place, scheme: 'http' | 'https' = 'http'): string {
  const isEverywhere = host === '0.0.0.0' || host === '::'
  const named = host.includes(':') ? `[${host}]` : host
  return `${scheme}://${isEverywhere ? '127.0.0.1' : named}:${port}`
}

/** Whether somebody accepts connections there, or on a Unix socket; no answer within a second counts as somebody. */
export async function isListening(at: Place | { readonly path: string }): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const target = 'path' in at ? at : { host: reachable(at.host), port: at.port }
  const socket = connect({ ...target, timeout: CONNECT_MS })
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
