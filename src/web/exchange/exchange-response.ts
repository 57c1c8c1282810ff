// The response object of the web tier. Its `writeHead` is the one place that every way of answering passes: `Response`
// objects, `writeHead` with its three shapes, `setHeader`, Express, Fastify. There the request's id, the headers of
// `appendHeader` and, while the process drains, `connection: close` are added, and a body that nobody reads is minded.
//
// Its `write` sees where the events of an event stream end.
//
// Both are properties of the object and not of the class, because Express puts another prototype under it.

import { type IncomingMessage, type OutgoingHttpHeader, ServerResponse } from 'node:http'
import type { Exchange } from './exchange.ts'
import { eventStreamOf } from './event-stream.ts'
import { mindUnread } from '../body/unread-body.ts'
import { answerFailure } from '../refusal/failure.ts'

export class ExchangeResponse extends ServerResponse {
  /** What the response belongs to; undefined until the request is looked at. */
  pandoExchange: Exchange | undefined

  constructor(incoming: IncomingMessage, options?: object) {
    // Node passes options that the types leave out.
    super(...([incoming, options] as unknown as [IncomingMessage]))
    this.pandoExchange = undefined
    ;(this as { writeHead: unknown }).writeHead = writeHead
    ;(this as { write: unknown }).write = write
  }
}

/** The exchange that `response` belongs to; undefined for a response that Node made on its own. */
export function exchangeOf(response: ServerResponse | null | undefined): Exchange | undefined {
  return (response as ExchangeResponse | null | undefined)?.pandoExchange
}

type HeadersArgument =
  | Record<string, OutgoingHttpHeader | undefined>
  | readonly OutgoingHttpHeader[]
  | undefined
// oxlint-disable-next-line typescript/unbound-method -- always called with the response as `this`
const original = ServerResponse.prototype.writeHead as (
  this: ServerResponse,
  status: number,
  reason?: unknown,
  headers?: unknown,
) => ServerResponse

function writeHead(
  this: ExchangeResponse,
  status: number,
  reason?: unknown,
  given?: unknown,
): ServerResponse {
  const exchange = this.pandoExchange
  if (exchange === undefined) return original.call(this, status, reason, given)
  if (exchange.serving.draining) this.shouldKeepAlive = false
  const headers = (typeof reason === 'string' ? given : (given ?? reason)) as HeadersArgument
  if (status === 500 && isAdapterFailure(exchange, headers)) {
    answerFailure(exchange, undefined)
    return this
  }
  const { body } = exchange
  if (body !== undefined && !exchange.incoming.readableEnded) mindUnread(exchange, body)
  // An id that nobody sent and nobody has read stands in no log, so the visitor of a good answer has no use for it.
  // This is the usual case and costs nothing.
  if (status < 400 && exchange.appended === undefined && !exchange.isIdentified)
    return sent(exchange, original.call(this, status, reason, given))
  if (typeof reason === 'string') this.statusMessage = reason
  setAll(this, headers)
  if (!this.hasHeader('x-request-id')) this.setHeader('x-request-id', exchange.requestId)
  for (let at = 0; at < (exchange.appended?.length ?? 0); at += 2)
    this.appendHeader(exchange.appended![at]!, exchange.appended![at + 1]!)
  return sent(exchange, original.call(this, status))
}

function sent(exchange: Exchange, response: ServerResponse): ServerResponse {
  const { _header: header } = response as { _header?: string | null }
  exchange.events = eventStreamOf(exchange, header ?? '')
  return response
}

// oxlint-disable-next-line typescript/unbound-method -- always called with the response as `this`
const originalWrite = ServerResponse.prototype.write as (this: ServerResponse, ...args: unknown[]) => boolean

function write(this: ExchangeResponse, chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
  // A first `write` calls `writeHead`.
  const isRoom = originalWrite.call(this, chunk, encoding, callback)
  this.pandoExchange?.events?.wrote(chunk, encoding)
  return isRoom
}

/** What Node does with headers given to `writeHead` when some are set already: they replace, repeated ones stay. */
function setAll(response: ServerResponse, headers: HeadersArgument): void {
  if (headers === undefined) return
  if (!Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers as Record<string, OutgoingHttpHeader | undefined>))
      if (value !== undefined) response.setHeader(name, value)
    return
  }
  const flat = headers.flat(Array.isArray(headers[0]) ? 1 : 0) as (string | string[])[]
  for (let at = 0; at + 1 < flat.length; at += 2) response.removeHeader(String(flat[at]))
  for (let at = 0; at + 1 < flat.length; at += 2)
    response.appendHeader(String(flat[at]), flat[at + 1] as string | string[])
}

/**
 * `@hono/node-server` 2.1.8 answers an error while it writes a `Response` out (a body stream that fails at once, a
 * header that Node refuses) with 500, exactly these headers, no length, and the error's message as the body. The
 * message is the application's inside, so the answer becomes ours.
 */
function isAdapterFailure(exchange: Exchange, headers: HeadersArgument): boolean {
  if (!exchange.serving.speaksFetch || headers === undefined || Array.isArray(headers)) return false
  const names = Object.keys(headers)
  const { _contentLength: length } = exchange.response as { _contentLength?: number | null }
  return (
    names.length === 1 &&
    (headers as Record<string, unknown>)['Content-Type'] === 'text/plain' &&
    (length === null || length === undefined)
  )
}
