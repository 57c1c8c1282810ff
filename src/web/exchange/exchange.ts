// One request and its answer, as the tiers see it (`RequestContext`) and as the web tier keeps it. Made for every
// request, so everything that can wait until somebody asks does.

import { type IncomingMessage, validateHeaderName, validateHeaderValue } from 'node:http'
import type { Socket } from 'node:net'
import type { RequestContext } from '../../base/context.ts'
import { PlatformError } from '../../base/errors.ts'
import type { RequestBody } from '../body/unread-body.ts'
import type { ExchangeResponse } from './exchange-response.ts'
import type { EventStream } from './event-stream.ts'
import { addressOf, isSecure, joinedHeader } from './request-facts.ts'
import { requestIdFrom } from './request-id.ts'
import type { Serving } from '../server/serving.ts'

export class Exchange implements RequestContext {
  readonly serving: Serving
  readonly incoming: IncomingMessage
  readonly response: ExchangeResponse
  /** Node takes the socket away from a request whose reader gives up, and from a response that is complete. */
  readonly socket: Socket
  /** Undefined for a request without a body. */
  body: RequestBody | undefined = undefined
  /** Headers of `appendHeader`: name, value, name, value. */
  appended: string[] | undefined = undefined
  /** Whether the web tier has answered in the application's stead. */
  refused = false
  /** Whether the web tier has ended the application's answer before the application did. */
  broken = false
  /** Set when the answer is an event stream. */
  events: EventStream | undefined = undefined
  private id: string | undefined = undefined
  private keptValues: Map<symbol, unknown> | undefined = undefined
  private drainCallbacks = 0

  constructor(serving: Serving, incoming: IncomingMessage, response: ExchangeResponse) {
    this.serving = serving
    this.incoming = incoming
    this.response = response
    this.socket = incoming.socket
    response.pandoExchange = this
  }

  get requestId(): string {
    return (this.id ??= requestIdFrom(this.incoming.headers['x-request-id']))
  }

  /** Whether the id is known outside this process's memory: sent by the caller, or read to be written somewhere. */
  get isIdentified(): boolean {
    return this.id !== undefined || this.incoming.headers['x-request-id'] !== undefined
  }

  get method(): string {
    return this.incoming.method ?? 'GET'
  }

  get url(): string {
    return this.incoming.url ?? '/'
  }

  get secure(): boolean {
    return isSecure(this.socket, this.incoming, this.serving.settings.trustProxy)
  }

  get address(): string | undefined {
    return addressOf(this.socket, this.incoming, this.serving.settings.trustProxy)
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
      if (!response.writableFinished || this.broken) callback()
    }
    // Whoever asks too late is told too: `close` will not come again.
    if (response.closed || response.destroyed || this.socket.destroyed) queueMicrotask(onClose)
    else response.once('close', onClose)
    return () => {
      waiting = false
      response.off('close', onClose)
    }
  }

  /** Whether the application ends this answer itself when the process drains. */
  get mindsDrain(): boolean {
    return this.drainCallbacks > 0
  }

  onDrain(callback: () => void): () => void {
    const { drain } = this.serving
    this.drainCallbacks++
    let taken = false
    const forget = drain.onBegin(callback)
    const takeBack = (): void => {
      if (taken) return
      taken = true
      this.drainCallbacks--
      forget()
    }
    this.response.once('close', takeBack)
    return takeBack
  }
}
