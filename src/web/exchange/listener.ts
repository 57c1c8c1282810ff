// The way of one request through the web tier: health, checks, body limit, then the application inside its request
// context, with every way of failing caught.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { currentRequest, runForRequest } from '../../base/context.ts'
import { admitBody } from '../body/body-limit.ts'
import { Exchange } from './exchange.ts'
import type { ExchangeResponse } from './exchange-response.ts'
import { answerFailure, refuseMalformed } from '../refusal/failure.ts'
import type { FetchHandler, Handler, NodeBindings } from '../handler.ts'
import { answerHealth, healthOf, isHealthPath } from '../server/health.ts'
import { isCut } from '../refusal/refusal.ts'
import { observeRequest, requests } from './requests-channel.ts'
import type { Serving } from '../server/serving.ts'

/** For a server made with `ServerResponse: ExchangeResponse`. */
type Listener = (incoming: IncomingMessage, response: ExchangeResponse) => void
type Application = (incoming: IncomingMessage, response: ServerResponse) => unknown

/** The listener for the server's `request` and `checkContinue` events. */
export function requestListener(serving: Serving, handler: Handler): Listener {
  const application: Application = 'fetch' in handler ? fetchApplication(handler.fetch) : handler.listener

  return (incoming, response) => {
    // Its connection has been refused; this request was sent before the client could know.
    if (isCut(incoming.socket)) return
    const exchange = new Exchange(serving, incoming, response)
    if (requests.hasSubscribers) observeRequest(exchange)
    if (isHealthPath(incoming.url!)) {
      if (admitBody(exchange)) answerHealth(incoming, response, healthOf(serving))
      return
    }
    serving.served++
    if (!hasOneHost(incoming)) {
      refuseMalformed(exchange, 'it does not have exactly one Host')
      return
    }
    if (!admitBody(exchange)) return
    runForRequest(exchange, () => run(application, exchange))
  }
}

function run(application: Application, exchange: Exchange): void {
  try {
    const result = application(exchange.incoming, exchange.response)
    if (isThenable(result)) result.then(undefined, (error: unknown) => answerFailure(exchange, error))
  } catch (error) {
    answerFailure(exchange, error)
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** A fetch handler as a Node listener, through the adapter that Hono's users know. */
function fetchApplication(fetch: FetchHandler): Application {
  return getRequestListener((request, node) => fetch(request, node as NodeBindings), {
    // For HTTP/1.0 without a Host, which some balancers' health checks send.
    hostname: 'localhost',
    // Its own way with a body that was not read closes the connection after 500 ms without a word.
    autoCleanupIncoming: false,
    errorHandler(error) {
      // The adapter runs in the request's context, so this is the request that failed. It answers nothing after us.
      answerFailure(currentRequest() as Exchange, error)
    },
  })
}

/**
 * RFC 9112 §3.2: HTTP/1.1 has exactly one Host. Two are an attack on whoever routes by the other one, and Node would
 * keep the first.
 */
function hasOneHost({ rawHeaders, httpVersionMinor }: IncomingMessage): boolean {
  let seen = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!
    if (name.length === 4 && name.toLowerCase() === 'host') seen++
  }
  return seen === 1 || (seen === 0 && httpVersionMinor === 0)
}
