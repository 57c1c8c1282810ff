// What the request context reads out of Node's request.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

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
