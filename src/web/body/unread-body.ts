// What becomes of a request's body that the application has not read when it answers: a redirect to the login page, a
// 403, a 507 in the middle of an upload.
//
// A connection that is closed while bytes wait in it is reset, and a reset may destroy an answer that the client has
// not read yet; a connection that is kept must first be rid of the bytes. So a small rest is read and thrown away, and
// the connection stays usable. When the body is known to be large, the answer says `connection: close`; then, and when
// the rest does not come in time, the connection is half-closed and still read for a while (RFC 9112 §9.3 and §9.6).
// The client can send no next request before its body is complete, so that this end never meets one.
//
// A Node listener that goes on reading after its answer is let read.

import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { cut, failBody } from '../refusal/refusal.ts'

/** The body of one request, as far as it is known without reading it. */
export interface RequestBody {
  /** The length that the client announced; undefined for a chunked body. */
  readonly announcedBytes: number | undefined
  /** What has come of a chunked body. */
  receivedBytes: number
  /** Whether `mindUnread` has been here. */
  minded: boolean
}

/** The rest of a body is thrown away up to this many bytes … */
export const DISCARD_MAX_BYTES = 1_048_576
/** … and for this long. */
export const DISCARD_MS = 500

/** To be called as the head of an answer is written, for a request whose body is not read to its end. */
export function mindUnread(exchange: Exchange, body: RequestBody): void {
  if (body.minded) return
  body.minded = true
  const { incoming, response } = exchange
  if (!incoming.complete && !isBeingRead(incoming) && isLarge(incoming, body))
    response.shouldKeepAlive = false
  // Before Node's own listener, which would swallow the rest without a limit or close the connection.
  response.prependOnceListener('finish', () => settle(exchange))
}

function isBeingRead(incoming: IncomingMessage): boolean {
  if (incoming.destroyed) return false
  return incoming.readableFlowing === true || incoming.listenerCount('readable') > 0
}

/** Of a chunked body nothing is known but what has come, and unread it stops at the stream's own limit. */
function isLarge(incoming: IncomingMessage, { announcedBytes, receivedBytes }: RequestBody): boolean {
  if (announcedBytes !== undefined) return announcedBytes > DISCARD_MAX_BYTES
  return receivedBytes >= incoming.readableHighWaterMark
}

function settle(exchange: Exchange): void {
  const { incoming, response, socket, serving } = exchange
  if (incoming.readableEnded) return
  // A fetch handler's reader is done with its `Response`, even where the adapter still holds the stream open.
  const isOver = (): boolean => serving.speaksFetch || !isBeingRead(incoming)
  if (incoming.complete) {
    // After Node has done what it does with a body that nobody has touched.
    response.once('close', () => {
      if (!incoming.readableEnded && isOver()) release(incoming, socket)
    })
    return
  }
  // Node's way to end the connection of a last answer, which would reset it.
  socket.destroySoon = () => cut(socket, '', serving.clock)
  if (isOver()) discard(incoming, socket, serving.clock)
  else incoming.once('end', () => Reflect.deleteProperty(socket, 'destroySoon'))
}

/** Takes a body that its reader has left half read out of the way of the next request. */
function release(incoming: IncomingMessage, socket: Socket): void {
  failBody(incoming)
  socket.resume()
}

type Dumping = IncomingMessage & { _dump?: () => void }

function discard(incoming: Dumping, socket: Socket, clock: Clock): void {
  const close = (): void => cut(socket, '', clock)
  const cancel = clock.after(DISCARD_MS, close)
  let seenBytes = 0
  socket.once('close', cancel)
  failBody(incoming)
  // Node's would take the bytes away before they are counted.
  incoming._dump = (): void => {}
  incoming.push = (piece: Uint8Array | null): boolean => {
    seenBytes += piece?.byteLength ?? 0
    if (seenBytes > DISCARD_MAX_BYTES) close()
    if (piece !== null) return true
    cancel()
    socket.off('close', cancel)
    Reflect.deleteProperty(socket, 'destroySoon')
    return true
  }
  socket.resume()
}
