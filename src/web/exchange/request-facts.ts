// What the request context reads out of Node's request.

import type { IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'

/** A header by its lower-case name; repeated ones joined as RFC 9110 §5.3 allows. */
export function joinedHeader({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  return typeof value === 'object' ? value.join(', ') : value
}

/** Whether the visitor's own connection is encrypted; with `trustProxy` also by the word of the proxy next to us. */
export function isSecure(socket: Socket, incoming: IncomingMessage, trustProxy: boolean): boolean {
  if ((socket as { readonly encrypted?: boolean }).encrypted === true) return true
  if (!trustProxy) return false
  // The last value is that proxy's; earlier ones may be the visitor's own.
  return joinedHeader(incoming, 'x-forwarded-proto')?.split(',').at(-1)?.trim().toLowerCase() === 'https'
}

// The prefix of an IPv4 address at a socket that listens for both kinds (RFC 4291 §2.5.5.2).
const MAPPED = /^::ffff:(?=\d+\.)/i
// Some proxies add the visitor's port: `192.0.2.1:4711`, `[2001:db8::1]:4711`.
const WITH_PORT = /^(?:\[([^\]]*)\]|([\d.]+))(?::\d{1,5})?$/

/**
 * The visitor's IP address: the other end of the connection; with `trustProxy` what the proxy next to us says it is.
 * Undefined when the visitor has gone before anybody asked.
 */
export function addressOf(
  socket: Socket,
  incoming: IncomingMessage,
  trustProxy: boolean,
): string | undefined {
  // The last address is that proxy's; earlier ones may be the visitor's own.
  const said = trustProxy && joinedHeader(incoming, 'x-forwarded-for')?.split(',').at(-1)?.trim()
  const address = said && said.replace(WITH_PORT, '$1$2').replace(MAPPED, '')
  return address && isIP(address) !== 0 ? address : socket.remoteAddress?.replace(MAPPED, '')
}
