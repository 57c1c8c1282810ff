// Cancelling a statement: PostgreSQL takes the request on a connection of its own, with the backend's process id and
// key (postgresql.org/docs/18/protocol-flow.html, Canceling Requests in Progress).
//
// A cancel request may arrive after its statement has ended and would then hit the next one. So the caller closes the
// connection together with it: the backend that the request names never runs anything for anybody else.

import { connect } from 'node:net'

export interface Backend {
  readonly host: string
  readonly port: number
  readonly processID: number
  readonly secretKey: number
}

const CANCEL_REQUEST_CODE = 80_877_102
const GIVE_UP_MS = 2_000

/** Asks the server to cancel what the backend does. Nothing is reported: the server never answers. */
export function sendCancelRequest({ host, port, processID, secretKey }: Backend): void {
  const message = Buffer.alloc(16)
  message.writeInt32BE(16, 0)
  message.writeInt32BE(CANCEL_REQUEST_CODE, 4)
  message.writeInt32BE(processID, 8)
  message.writeInt32BE(secretKey, 12)
  const target = host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port }
  const socket = connect({ ...target, timeout: GIVE_UP_MS })
  // A server that is gone has cancelled everything already.
  socket.on('error', () => {})
  socket.on('timeout', () => socket.destroy())
  socket.unref()
  socket.end(message)
}
