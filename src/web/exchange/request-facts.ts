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
  return said && isIP(said) !== 0 ? said : socket.remoteAddress?.replace(MAPPED, '')
}
