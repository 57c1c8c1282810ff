// The largest body. A length that is announced is judged before the application runs, and the parser holds the client
// to it; a chunked body is counted as it arrives, without being kept, whoever reads it.

import { PlatformError } from '../../base/errors.ts'
import type { Exchange } from '../exchange/exchange.ts'
import { refuseAndClose } from '../refusal/failure.ts'
import { refusal } from '../refusal/statuses.ts'
import type { RequestBody } from './unread-body.ts'

/**
 * Takes note of the request's body. Refuses the request with 413 and returns false when its announced length is over the
 * limit.
 */
export function admitBody(exchange: Exchange): boolean {
  const { headers } = exchange.incoming
  const { bodyMaxBytes } = exchange.serving.settings
  const length = headers['content-length']
  const isChunked = headers['transfer-encoding'] !== undefined
  if (!isChunked && (length === undefined || length === '0')) return true
  const announcedBytes = isChunked ? undefined : Number(length)
  if (announcedBytes !== undefined && announcedBytes > bodyMaxBytes) {
    refuseBody(exchange, bodyMaxBytes)
    return false
  }
  const body: RequestBody = { announcedBytes, receivedBytes: 0, minded: false }
  exchange.body = body
  if (isChunked) countBody(exchange, body, bodyMaxBytes)
  return true
}

function countBody(exchange: Exchange, body: RequestBody, maxBytes: number): void {
  const { incoming } = exchange
  const push = incoming.push.bind(incoming)
  // Node's parser hands every chunk to `push`; a listener for `data` would start the stream before its reader is there.
  incoming.push = (chunk: Uint8Array | null, encoding?: BufferEncoding): boolean => {
    body.receivedBytes += chunk?.byteLength ?? 0
    if (body.receivedBytes <= maxBytes) return push(chunk, encoding)
    refuseBody(exchange, maxBytes)
    return true
  }
}

function refuseBody(exchange: Exchange, maxBytes: number): void {
  refuseAndClose(
    exchange,
    refusal('WEB_BODY_TOO_LARGE', { maxBytes }),
    new PlatformError('WEB_BODY_TOO_LARGE', { maxBytes }),
  )
}
