// Connections on which no request came about: malformed, too large, too slow; and requests that nobody answers.

import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { PlatformError } from '../../base/errors.ts'
import type { Connections } from '../server/connections.ts'
import { exchangeOf } from '../exchange/exchange-response.ts'
import { newRequestId } from '../exchange/request-id.ts'
import { refuseAndClose } from './failure.ts'
import { cut, isCut, type Refusal, refusalOnTheWire } from './refusal.ts'
import { refusal } from './statuses.ts'
import type { Serving } from '../server/serving.ts'

/** The answer being written on a connection. Node keeps it under this name; its own 408 is decided by it too. */
type Connection = Socket & { readonly _httpMessage?: ServerResponse | null }

/** Answers what Node's parser reports: 400, 408, 413, 431. */
export function answerClientErrors(server: Server, serving: Serving): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Connection) => {
    // After a refusal the parser goes on to complain about what still arrives.
    if (isCut(socket)) return
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    end(socket, clientRefusal(error, serving), error, serving)
  })
}

/**
 * Ends connections on which nothing has moved for `answerTimeoutMs` (and idle ones after `keepAliveMs`). An answer
 * that merely pauses, as server-sent events do, goes on, and so does an upgraded connection.
 */
export function answerSilence(server: Server, serving: Serving, connections: Connections): void {
  const { answerTimeoutMs: waitedMs } = serving.settings
  server.timeout = waitedMs
  server.on('timeout', (socket: Connection) => {
    if (connections.isUpgraded(socket)) return
    const response = socket._httpMessage
    if (!response) socket.destroy()
    else if (!response.headersSent)
      end(
        socket,
        silenceRefusal(response, serving),
        new PlatformError('WEB_ANSWER_TIMEOUT', { waitedMs }),
        serving,
      )
    // The client does not take what waits for it.
    else if (response.writableLength > 0 || socket.writableLength > 0) socket.destroy()
  })
}

function end(socket: Connection, answer: Refusal, error: Error, serving: Serving): void {
  const exchange = exchangeOf(socket._httpMessage)
  if (exchange !== undefined) refuseAndClose(exchange, answer, error)
  else if (socket._httpMessage?.headersSent === true) socket.destroy()
  else refuseUnread(socket, answer, serving)
}

/** Refuses a client whose request did not come about; the id is new, as no header of it can be trusted. */
export function refuseUnread(socket: Socket, answer: Refusal, { log, clock }: Serving): void {
  const requestId = newRequestId()
  log.debug({ tier: 'web', requestId, status: answer.status, code: answer.code }, 'request refused')
  cut(socket, refusalOnTheWire(answer, requestId), clock)
}

function silenceRefusal(response: ServerResponse, serving: Serving): Refusal {
  if (!response.req.complete) return refusal('WEB_REQUEST_TIMEOUT', {})
  const waitedMs = serving.settings.answerTimeoutMs
  const { method } = response.req
  serving.log.error(
    { tier: 'web', requestId: exchangeOf(response)?.requestId, method, waitedMs },
    'the application did not begin to answer',
  )
  return refusal('WEB_ANSWER_TIMEOUT', { waitedMs })
}

/** Codes of llhttp and of Node's http server. Pure. */
export function clientRefusal(
  error: NodeJS.ErrnoException,
  { settings }: Pick<Serving, 'settings'>,
): Refusal {
  switch (error.code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return refusal('WEB_REQUEST_TIMEOUT', {})
    case 'HPE_HEADER_OVERFLOW':
      return refusal('WEB_HEADERS_TOO_LARGE', { maxBytes: settings.headersMaxBytes })
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return refusal('WEB_BODY_TOO_LARGE', { maxBytes: settings.bodyMaxBytes })
    default:
      return refusal('WEB_REQUEST_MALFORMED', { reason: reasonOf(error) })
  }
}

/** llhttp's constant sentence, for example `Invalid header token`; never bytes of the request. */
function reasonOf(error: NodeJS.ErrnoException & { readonly reason?: unknown }): string {
  return typeof error.reason === 'string' ? error.reason : 'it cannot be parsed'
}
