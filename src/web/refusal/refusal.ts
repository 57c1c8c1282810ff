// Answers that the web tier gives itself, in the application's stead: a small JSON body with a stable code, never
// cached, and nothing of the inside in it.
//
// `answerInstead` uses the response that Node made and keeps the connection. `cut` writes past it and ends the
// connection: for a client that sends what we do not want to read, or nonsense.

import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock } from '../../base/clock.ts'

/** One refusal: what the client sees of it. */
export interface Refusal {
  readonly status: number
  readonly code: string
  /** One sentence for the person at the other end. Never text of an error that is not meant for them. */
  readonly message: string
  readonly retryAfterSeconds?: number
}

/** `{"error":{"code":"WEB_BODY_TOO_LARGE","message":"…","requestId":"…"}}` */
export function refusalBody({ code, message }: Refusal, requestId?: string): string {
  return JSON.stringify({ error: { code, message, requestId } })
}

/** The headers every refusal has; the body is a JSON text of `bodyBytes`. */
export function refusalHeaders(refused: Refusal, bodyBytes: number): Record<string, string | number> {
  return {
    'content-type': 'application/json; charset=utf-8',
    'content-length': bodyBytes,
    'cache-control': 'no-store',
    ...(refused.retryAfterSeconds === undefined ? {} : { 'retry-after': refused.retryAfterSeconds }),
  }
}

/** The whole response as it goes over the wire, `connection: close` included. `method` HEAD leaves the body out. */
export function refusalOnTheWire(refused: Refusal, requestId?: string, method?: string): string {
  const body = refusalBody(refused, requestId)
  const headers = {
    ...refusalHeaders(refused, Buffer.byteLength(body)),
    ...(requestId === undefined ? {} : { 'x-request-id': requestId }),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${refused.status} ${STATUS_CODES[refused.status] ?? 'Error'}\r\n${lines.join('')}\r\n`
  return method === 'HEAD' ? head : head + body
}

/**
 * Answers with `refused` on a response whose headers are not sent, whatever headers the application had set. What
 * the application still does with the response then goes nowhere.
 */
export function answerInstead(response: ServerResponse, refused: Refusal, requestId?: string): void {
  const body = refusalBody(refused, requestId)
  for (const name of response.getHeaderNames()) response.removeHeader(name)
  response.statusMessage = ''
  response.writeHead(refused.status, refusalHeaders(refused, Buffer.byteLength(body)))
  response.end(body)
  silence(response)
}

// RFC 9112 §9.6: closing with unread bytes in the receive buffer resets the connection and may destroy the answer
// before the client reads it, so what still comes is read and dropped for a while. As long as nginx does
// (`lingering_timeout`): the answer may have to get past an upload on a slow line.
const LINGER_MS = 5_000

const cutSockets = new WeakSet<Duplex>()

/** Whether `cut` has been here: whatever else arrives on this connection is not looked at. */
export function isCut(socket: Duplex): boolean {
  return cutSockets.has(socket)
}

/**
 * Writes `text` (a response on the wire, or nothing) as the last thing on this connection: half-closes it and drops what
 * still comes, until the client closes its half or `LINGER_MS` have passed. Twice is fine.
 */
export function cut(socket: Duplex, text: string, clock: Clock): void {
  if (cutSockets.has(socket)) return
  cutSockets.add(socket)
  socket.end(text, 'latin1')
  socket.resume()
  const cancel = clock.after(LINGER_MS, () => socket.destroy())
  socket.once('close', cancel)
}

/** From here on nothing the application does with `response` has an effect; it is told nothing either. */
export function silence(response: ServerResponse): void {
  const nothing = (): ServerResponse => response
  Object.assign(response, {
    writeHead: nothing,
    end: nothing,
    destroy: nothing,
    setHeader: nothing,
    appendHeader: nothing,
    flushHeaders: () => {},
    write: () => false,
  })
}

/**
 * The request's body fails for whoever reads it, with `error` or as one that ended too early; what still arrives of it
 * is dropped. The connection is not touched.
 */
export function failBody(incoming: IncomingMessage, error?: Error): void {
  incoming.push = () => true
  // IncomingMessage would take the connection down with it, and the answer that is on its way.
  incoming._destroy = (reason, callback) => callback(incoming.listenerCount('error') > 0 ? reason : null)
  incoming.destroy(error)
}
