// What an application gives the web tier: one of the two kinds of handler that people already have.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/**
 * A web-standard handler: Hono, h3, Elysia on Node, or a plain function. The second argument, which a plain function
 * leaves out, holds Node's objects for this request: `{ incoming, outgoing }`, as `@hono/node-server` gives them.
 */
export type FetchHandler = (request: Request, node: NodeBindings) => Response | Promise<Response>

/** Node's own request and response behind a `Request`. */
export interface NodeBindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

/** A Node listener: Express, Fastify (`app.routing`), Koa (`app.callback()`), Nest, or a plain function. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown

/**
 * Takes over a connection that asks for another protocol, usually WebSocket: `ws.handleUpgrade(incoming, socket, head, …)`.
 * The web tier keeps count of these sockets and closes them when the process drains.
 */
export type UpgradeListener = (incoming: IncomingMessage, socket: Duplex, head: Buffer) => void

/** One of the two kinds. Without `upgrade`, a request to upgrade is an ordinary request. */
export type Handler = ({ readonly fetch: FetchHandler } | { readonly listener: NodeListener }) & {
  readonly upgrade?: UpgradeListener
}
