// The request context of a connection that is upgraded to another protocol: it has request headers and an end, and no
// response to add headers to.

import type { IncomingMessage } from 'node:http'
import type { RequestContext } from '../../base/context.ts'
import { PlatformError } from '../../base/errors.ts'
import type { Drain } from '../server/drain.ts'
import { addressOf, isSecure, joinedHeader } from './request-facts.ts'
import { requestIdFrom } from './request-id.ts'
import type { Serving } from '../server/serving.ts'

export class UpgradeContext implements RequestContext {
  readonly requestId: string
  readonly method: string
  readonly url: string
  readonly secure: boolean
  readonly address: string | undefined
  readonly kept: Map<symbol, unknown> = new Map()
  /** Whether the application ends this connection itself when the process drains. */
  mindsDrain = false
  private readonly incoming: IncomingMessage
  private readonly drain: Drain

  constructor({ settings, drain }: Serving, incoming: IncomingMessage) {
    this.incoming = incoming
    this.drain = drain
    this.requestId = requestIdFrom(incoming.headers['x-request-id'])
    this.method = incoming.method ?? 'GET'
    this.url = incoming.url ?? '/'
    this.secure = isSecure(incoming.socket, incoming, settings.trustProxy)
    this.address = addressOf(incoming.socket, incoming, settings.trustProxy)
  }

  header(name: string): string | undefined {
    return joinedHeader(this.incoming, name)
  }

  appendHeader(name: string): void {
    throw new PlatformError('WEB_HEADERS_SENT', { name })
  }

  onDisconnect(callback: () => void): () => void {
    const { socket } = this.incoming
    socket.once('close', callback)
    return () => socket.off('close', callback)
  }

  onDrain(callback: () => void): () => void {
    this.mindsDrain = true
    const forget = this.drain.onBegin(callback)
    this.incoming.socket.once('close', forget)
    return forget
  }
}
