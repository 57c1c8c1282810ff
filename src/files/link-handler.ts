// Answers the links of `links.ts` in front of an application: what is not below `/-/files/` goes on to it untouched.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Files } from './files.ts'
import { LINK_PREFIX, refused, type LinkSigner } from './links.ts'
import { fileResponse } from './response.ts'

type Answer = (request: Request) => Promise<Response>

interface Bindings {
  readonly incoming: IncomingMessage
  readonly outgoing: ServerResponse
}

/** The two kinds of handler, as the web tier knows them. */
type AnyHandler = { readonly upgrade?: unknown } & (
  | { readonly fetch: (request: Request, node: Bindings) => Response | Promise<Response> }
  | { readonly listener: (incoming: IncomingMessage, outgoing: ServerResponse) => unknown }
)

/** 200 with the content for a download; 204 for an upload. @throws FILES_LINK_INVALID and as `put` and `get` */
export function linkAnswer(files: Files, signer: LinkSigner): Answer {
  return async (request) => {
    const grant = signer.open(request.url)
    if (grant.method === 'GET') return fileResponse(files, grant.name, request)
    if (request.method !== 'PUT') throw refused('it is for an upload with PUT')
    const { name, contentType, sizeBytes } = grant
    if (request.headers.get('content-type') !== contentType)
      throw refused(`it is for content of type ${contentType}`)
    if (Number(request.headers.get('content-length') ?? Number.NaN) !== sizeBytes)
      throw refused(`it is for content of ${sizeBytes} bytes, sent with content-length`)
    await files.put(name, request.body ?? new Uint8Array(0), { contentType, maxBytes: sizeBytes })
    return new Response(null, { status: 204 })
  }
}

/** `handler`, with the links answered before it. Errors go the way of the application's own. */
export function answeringLinks<Kind extends AnyHandler>(handler: Kind, answer: Answer): Kind {
  // Of an instance of a class the spread takes only what is its own.
  const own = { ...handler, ...(handler.upgrade !== undefined && { upgrade: handler.upgrade }) }
  if ('fetch' in handler) {
    const { fetch } = handler
    return {
      ...own,
      fetch: (request: Request, node: Bindings) =>
        isLink(node.incoming.url) ? answer(request) : fetch(request, node),
    }
  }
  const { listener } = handler
  return {
    ...own,
    listener: (incoming: IncomingMessage, outgoing: ServerResponse) =>
      isLink(incoming.url) ? listen(answer, incoming, outgoing) : listener(incoming, outgoing),
  }
}

function isLink(url: string | undefined): boolean {
  return url?.startsWith(LINK_PREFIX) === true
}

async function listen(answer: Answer, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let failure: { readonly error: unknown } | undefined
  await getRequestListener(answer, {
    hostname: 'localhost',
    // The application's own globals stay as it knows them.
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
    errorHandler(error) {
      failure = { error }
    },
  })(incoming, outgoing)
  if (failure !== undefined) throw failure.error
}
