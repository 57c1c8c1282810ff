// What a load is prepared with, and what one run of it is given.

import type { Clock } from '../base/clock.ts'
import type { WriteRecord } from './acknowledged.ts'
import type { Stage } from './arrivals.ts'
import type { Mix } from './mix.ts'
import type { Recorder } from './recorder.ts'

export interface LoadTarget<State> {
  readonly url: string
  readonly mix: Mix<State>
  /** Every variable of the mix with its value; see `variablesOf`. */
  readonly variables: Readonly<Record<string, string>>
  /** Decides everything that is random in the preparation and in the runs. */
  readonly seed: string
  /** Requests in flight at most, and so connections at most. 1 to 20,000. */
  readonly maxInFlight: number
  /** From the sending of a request to the last byte of its answer. */
  readonly timeoutMs: number
  /**
   * A GET or HEAD whose connection broke before a byte of the answer came is sent once more, on a new connection, as
   * browsers do. Counted as `retried`; latency counts from the first time. Default false.
   */
  readonly retrySafe?: boolean
  readonly clock: Clock
  /** Told what the preparation is doing. */
  readonly progress?: (text: string) => void
}

export interface RunOptions {
  readonly stages: readonly Stage[]
  /** Share of the acknowledged writes that are read back, 0 to 1. */
  readonly probeShare: number
  /** Told of every acknowledged write, and of every write that got no answer. */
  readonly onWrite?: (record: WriteRecord) => void
  /** Called every second with the counts so far. */
  readonly onSecond?: (recorder: Recorder, inFlight: number) => void
  /** Ends the run early with a valid result. */
  readonly signal?: AbortSignal
}
