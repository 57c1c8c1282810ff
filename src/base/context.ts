// The request a piece of code runs for. The web tier enters it; the other tiers read it: to stop a query whose visitor
// has gone, to find the session's cookie, to keep something for the length of one request. Code that runs for no
// request (a migration, a worker, a script) has none, and every tier works without.

import { AsyncLocalStorage } from 'node:async_hooks'

export interface RequestContext {
  /** From the `x-request-id` header when it is well formed, else made here. At most 64 characters of [\w.:-]. */
  readonly requestId: string
  readonly method: string
  /** Path and query as sent, for example `/api/articles?limit=20`. */
  readonly url: string
  /** Whether the visitor's own connection is encrypted. */
  readonly secure: boolean
  /**
   * The visitor's IP address: of the connection, or behind a proxy that `web.trustProxy` names, what that says. Undefined
   * when the visitor has gone before anybody asked.
   */
  readonly address: string | undefined
  /** A request header by its lower-case name; repeated ones are joined by `, ` (cookies by `; `). */
  header(name: string): string | undefined
  /**
   * Adds a response header beside what the application sets.
   * @throws WEB_HEADERS_SENT when the response's headers are already on their way.
   */
  appendHeader(name: string, value: string): void
  /** Calls `callback` once if the visitor goes away before the answer is complete. Returns what takes it back. */
  onDisconnect(callback: () => void): () => void
  /**
   * Calls `callback` once when the process begins to drain, soon if it has begun. From this call on a long answer (an
   * event stream, a WebSocket) is the caller's to end; what is left after `web.drainMs` is cut. Returns what takes it back.
   */
  onDrain(callback: () => void): () => void
  /** Room for one value per tier and request; the key is the tier's own symbol. */
  readonly kept: Map<symbol, unknown>
}

const storage = new AsyncLocalStorage<RequestContext>()

/** The request that the calling code runs for, or undefined. */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore()
}

/** Runs `work`, and all that it starts, for `context`. */
export function runForRequest<T>(context: RequestContext, work: () => T): T {
  return storage.run(context, work)
}

/** Runs `work`, and all that it starts, for no request: what several requests share must not end with one of them. */
export function runForNoRequest<T>(work: () => T): T {
  return storage.exit(work)
}
