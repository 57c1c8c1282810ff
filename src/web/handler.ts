// What an application gives the web tier: one of the two kinds of handler that people already have.

import type { IncomingMessage, ServerResponse } from 'node:http'

/** A web-standard handler: Hono, h3, Elysia on Node, or a plain function. */
export type FetchHandler = (request: Request) => Response | Promise<Response>

/** A Node listener: Express, Fastify (`app.routing`), Koa (`app.callback()`), Nest, or a plain function. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown

export type Handler = { readonly fetch: FetchHandler } | { readonly listener: NodeListener }
