// What the web tier publishes about requests. Without a subscriber a request pays one property read for it.

import type { TracingChannel } from 'node:diagnostics_channel'
import { channel } from '../../base/channels.ts'
import type { Exchange } from './exchange.ts'

/** Payload of `pando:web:request`: `start` when a request arrives, `asyncEnd` when its answer is out or given up. */
export interface RequestObserved {
  readonly requestId: string
  readonly method: string
  /** Path and query as sent. */
  readonly url: string
  /** The same object is published at both moments; these are set for `asyncEnd`. */
  status?: number
  durationMs?: number
  /** Bytes that the connection sent for this answer, headers included. */
  bytes?: number
  /** Whether the visitor went away, or was cut off, before the answer was complete. */
  aborted?: boolean
}

export const requests: TracingChannel<RequestObserved> = channel<RequestObserved>('web', 'request')

/** Publishes this exchange; to be called only while somebody subscribes. */
export function observeRequest(exchange: Exchange): void {
  const { response, socket, requestId, method, url, serving } = exchange
  const observed: RequestObserved = { requestId, method, url }
  const startedAtMs = serving.clock.monotonic()
  const bytesBefore = socket.bytesWritten
  requests.start.publish(observed)
  response.once('close', () => {
    observed.status = response.statusCode
    observed.durationMs = serving.clock.monotonic() - startedAtMs
    observed.bytes = socket.bytesWritten - bytesBefore
    observed.aborted = !response.writableFinished
    requests.asyncEnd.publish(observed)
  })
}
