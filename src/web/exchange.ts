// One request and its answer, as the tiers see it (`RequestContext`) and as the web tier keeps it. Made for every
// request, so everything that can wait until somebody asks does.
//
// The response's `writeHead` is the one place that every way of answering passes: `Response` objects, `writeHead` with
// its three shapes, `setHeader`, Express, Fastify. It is replaced on the response object itself, because Express puts
// another prototype under it.

import {
  type IncomingMessage,
  type OutgoingHttpHeader,
  ServerResponse,
  validateHeaderName,
  validateHeaderValue,
} from 'node:http'
import type { RequestContext } from '../base/context.ts'
import { PlatformError } from '../base/errors.ts'
import { answerFailure } from './failure.ts'
import { isSecure, joinedHeader } from './request-facts.ts'
import { requestIdFrom } from './request-id.ts'
import type { Serving } from './serving.ts'

const EXCHANGE = Symbol('pando exchange')
interface OwnedResponse extends ServerResponse {
  [EXCHANGE]?: Exchange
}

/** The exchange that `response` belongs to; undefined for a response that Node made on its own. */
export function exchangeOf(response: OwnedResponse | null | undefined): Exchange | undefined {
  return response?.[EXCHANGE]
}

export class Exchange implements RequestContext {
  readonly serving: Serving
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  /** Headers of `appendHeader`: name, value, name, value. */
  appended: string[] | undefined = undefined
  /** Whether the web tier has answered in the application's stead. */
  refused = false
  private id: string | undefined = undefined
  private keptValues: Map<symbol, unknown> | undefined = undefined

  constructor(serving: Serving, incoming: IncomingMessage, response: ServerResponse) {
    this.serving = serving
    this.incoming = incoming
    this.response = response
    const owned = response as OwnedResponse
    owned[EXCHANGE] = this
    owned.writeHead = writeHead
  }

  get requestId(): string {
    return (this.id ??= requestIdFrom(this.incoming.headers['x-request-id']))
  }

  get method(): string {
    return this.incoming.method ?? 'GET'
  }

  get url(): string {
    return this.incoming.url ?? '/'
  }

  get secure(): boolean {
    return isSecure(this.incoming, this.serving.settings.trustProxy)
  }

  get kept(): Map<symbol, unknown> {
    return (this.keptValues ??= new Map())
  }

  header(name: string): string | undefined {
    return joinedHeader(this.incoming, name)
  }

  appendHeader(name: string, value: string): void {
    if (this.response.headersSent || this.refused) throw new PlatformError('WEB_HEADERS_SENT', { name })
    validateHeaderName(name)
    validateHeaderValue(name, value)
    this.appended ??= []
    this.appended.push(name, value)
  }

  onDisconnect(callback: () => void): () => void {
    const { response } = this
    let waiting = true
    const onClose = (): void => {
      if (!waiting) return
      waiting = false
      if (!response.writableFinished) callback()
    }
    // Whoever asks too late is told too: `close` will not come again.
    if (response.closed || response.destroyed || this.incoming.socket.destroyed) queueMicrotask(onClose)
    else response.once('close', onClose)
    return () => {
      waiting = false
      response.off('close', onClose)
    }
  }
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

function writeHead(this: OwnedResponse, status: number, reason?: unknown, given?: unknown): ServerResponse {
  const exchange = this[EXCHANGE]!
  const headers = (typeof reason === 'string' ? given : (given ?? reason)) as HeadersArgument
  if (exchange.serving.draining) this.shouldKeepAlive = false
  if (status === 500 && isAdapterFailure(exchange, headers)) {
    answerFailure(exchange, undefined)
    return this
  }
  if (typeof reason === 'string') this.statusMessage = reason
  if (exchange.appended !== undefined || Array.isArray(headers)) {
    setAll(this, headers)
    if (!this.hasHeader('x-request-id')) this.setHeader('x-request-id', exchange.requestId)
    for (let at = 0; at < (exchange.appended?.length ?? 0); at += 2)
      this.appendHeader(exchange.appended![at]!, exchange.appended![at + 1]!)
    return original.call(this, status)
  }
  // The usual case is one `writeHead` with a plain object, which Node writes out without keeping it.
  return original.call(
    this,
    status,
    withRequestId(this, exchange, headers as Record<string, OutgoingHttpHeader>),
  )
}

/** A copy of `headers` with the id, unless the application names one itself. */
function withRequestId(
  response: ServerResponse,
  exchange: Exchange,
  headers: Record<string, OutgoingHttpHeader> | undefined,
): Record<string, OutgoingHttpHeader> | undefined {
  if (headers === undefined || headers === null)
    return response.hasHeader('x-request-id') ? undefined : { 'x-request-id': exchange.requestId }
  const result = { ...headers }
  for (const name in result) if (name.length === 12 && name.toLowerCase() === 'x-request-id') return result
  result['x-request-id'] = exchange.requestId
  return result
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
