// What the tier publishes about its statements. Metrics, traces and logs subscribe; nothing is built without them.

import type { TracingChannel } from 'node:diagnostics_channel'
import { channel } from '../base/channels.ts'

/** Payload of `pando:database:query`: published on `start` as it is sent, and on `asyncEnd` when it is answered. */
export interface QueryObservation {
  /** With $1, $2, … in place of values. */
  readonly text: string
  readonly requestId: string | undefined
  /** From sending to the answer; undefined on `start`, as all that follow. */
  durationMs?: number
  rows?: number
  /** SQLSTATE or code of the error, when it failed. */
  errorCode?: string
}

export const queryChannel: TracingChannel<QueryObservation> = channel('database', 'query')
