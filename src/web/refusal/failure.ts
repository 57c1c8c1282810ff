// What happens when the application lets an error through: one log line, one answer, in that order of importance.

import { RequestError } from '@hono/node-server'
import { PlatformError } from '../../base/errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { answerInstead, cut, failBody, type Refusal, refusalOnTheWire, silence } from './refusal.ts'
import { refusal, refusalOf } from './statuses.ts'

/**
 * Answers for an application that failed with `error`: undefined when the adapter has already printed it. An answer
 * that has begun cannot be taken back, so its connection is closed and the client sees that it is incomplete.
 */
export function answerFailure(exchange: Exchange, error: unknown): void {
  const { serving, response, requestId, method } = exchange
  // Refused already: this error is the echo of the refusal in the application.
  if (exchange.refused) return
  if (error instanceof RequestError) {
    refuseMalformed(exchange, 'its target or Host is not a valid URL')
    return
  }
  const answer = refusalOf(error, method)
  const began = response.headersSent
  const fields = {
    tier: 'web',
    requestId,
    method,
    path: pathOf(exchange.url),
    status: answer.status,
    code: answer.code,
  }
  if (answer.status < 500) serving.log.debug({ ...fields, error }, 'request refused')
  else
    serving.log.error(
      error === undefined ? fields : { ...fields, error },
      began ? 'the application failed in the middle of an answer' : 'the application failed to answer',
    )
  if (response.writableEnded) return
  exchange.refused = true
  if (began) response.destroy()
  else answerInstead(response, answer, requestId)
}

/**
 * Refuses the request and ends its connection; whoever reads the body sees `error`. An answer that has begun is cut
 * off instead.
 */
export function refuseAndClose(exchange: Exchange, answer: Refusal, error: Error): void {
  if (exchange.refused) return
  exchange.refused = true
  const { response, incoming, socket, serving, requestId, method } = exchange
  const { status, code } = answer
  if (status < 500)
    serving.log.debug(
      { tier: 'web', requestId, method, path: pathOf(exchange.url), status, code },
      'request refused',
    )
  if (response.headersSent) {
    socket.destroy()
    return
  }
  failBody(incoming, error)
  silence(response)
  if (response.socket === null) {
    // Requests before this one on the same connection are not answered yet: their answers go first.
    response.once('socket', () => cutResponse())
    return
  }
  cutResponse()

  function cutResponse(): void {
    cut(socket, refusalOnTheWire(answer, requestId, method), serving.clock)
  }
}

/** Refuses a request that the parser let pass and that is malformed all the same. */
export function refuseMalformed(exchange: Exchange, reason: string): void {
  const details = { reason }
  refuseAndClose(
    exchange,
    refusal('WEB_REQUEST_MALFORMED', details),
    new PlatformError('WEB_REQUEST_MALFORMED', details),
  )
}

/** Without the query, which may carry secrets. */
function pathOf(url: string): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}
