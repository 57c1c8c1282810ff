// One visit is one arrival: choose a call, send it, judge the answer, count it, read a sample of the writes back.

import type { Random } from '../base/random.ts'
import type { WriteRecord } from './acknowledged.ts'
import type { Arrival } from './arrivals.ts'
import { chooseByPercent, requestOf } from './choice.ts'
import { isAnswer, type LoadClient, type NoAnswer } from './client.ts'
import type { Answer, LoadRequest } from './mix.ts'
import type { Probe } from './probe.ts'
import type { Outcome, Recorder } from './recorder.ts'
import type { LoadTarget, RunOptions } from './target.ts'

export interface VisitParts<State> {
  readonly target: LoadTarget<State>
  readonly options: RunOptions
  readonly state: State
  readonly client: LoadClient
  readonly recorder: Recorder
  readonly probe: Probe
  readonly random: Random
}

export interface Visits {
  /** Monotonic time that the recorder's times count from. Call before the first visit. */
  begin(startedAtMs: number): void
  /** Makes the visit of an arrival. Never rejects. */
  start(arrival: Arrival, fromMs: number): Promise<void>
  drop(arrival: Arrival): void
  /** What comes back after this is not counted. */
  end(): void
  /** Writes acknowledged so far. */
  readonly acknowledged: number
  /** Aborts with the error of a mix whose own code threw. */
  readonly broken: AbortSignal
}

export function createVisits<State>(parts: VisitParts<State>): Visits {
  const { client, recorder, state } = parts
  const { clock, mix } = parts.target
  const choose = chooseByPercent(mix)
  const choices = parts.random.fork('choices')
  const targets = parts.random.fork('targets')
  const writes = createWrites(parts)
  const broken = new AbortController()
  let startedAtMs = 0
  let counting = true

  const visit = async (
    call: string,
    request: LoadRequest,
    arrival: Arrival,
    fromMs: number,
  ): Promise<void> => {
    const sentAtMs = clock.monotonic()
    const first = await client.send(request)
    const retried = parts.target.retrySafe === true && mayRetry(request, first)
    if (retried) await clock.sleep(RETRY_AFTER_MS)
    const answer = retried ? await client.send(request, 'fresh') : first
    const endedAtMs = clock.monotonic()
    const outcome = outcomeOf(request, answer)
    if (counting)
      recorder.ended({
        call,
        method: request.method,
        retried,
        stage: arrival.stage,
        endedAtMs: endedAtMs - startedAtMs,
        latencyMs: endedAtMs - fromMs,
        startDelayMs: sentAtMs - fromMs,
        outcome,
      })
    if (isAnswer(answer) && outcome.ok) await writes.acknowledge(call, request, answer)
    // After a status of 500 and above too: the server may have committed before it failed.
    else if (request.writes !== undefined && !(isAnswer(answer) && answer.status < 500))
      writes.lose(call, request.writes)
  }

  return {
    broken: broken.signal,
    get acknowledged() {
      return writes.acknowledged
    },
    begin: (atMs) => void (startedAtMs = atMs),
    end: () => void (counting = false),
    drop(arrival) {
      recorder.arrived(arrival.stage)
      recorder.dropped(choose(choices), arrival.stage, clock.monotonic() - startedAtMs)
    },
    async start(arrival, fromMs) {
      recorder.arrived(arrival.stage)
      let request: LoadRequest | undefined
      try {
        const made = requestOf(mix, choose(choices), state, targets)
        request = made.request
        if (request === undefined) recorder.skipped(made.call, arrival.stage)
        else await visit(made.call, request, arrival, fromMs)
      } catch (error) {
        // The client and the probe do not reject, so this is the mix's own code: a defect that must be seen.
        broken.abort(error)
      } finally {
        request?.onEnd?.()
      }
    },
  }
}

// A killed process gives up its connections before the port that it shares with others (Linux closes the newest files
// first), so who comes back in the same instant may meet the dying one again.
const RETRY_AFTER_MS = 100

/** What becomes of writes: recorded, and a sample of them read back. */
function createWrites<State>({ target, options, state, probe, random }: VisitParts<State>): {
  acknowledge(call: string, request: LoadRequest, answer: Answer): Promise<void>
  lose(call: string, key: string): void
  readonly acknowledged: number
} {
  const { clock, mix } = target
  const sampling = random.fork('probe')
  let acknowledged = 0
  const record = (call: string, outcome: WriteRecord['outcome'], write: WriteRecord['write']): void =>
    options.onWrite?.({ at: new Date(clock.now()).toISOString(), call, outcome, write })
  return {
    get acknowledged() {
      return acknowledged
    },
    lose: (call, key) => record(call, 'unknown', { key }),
    async acknowledge(call, request, answer) {
      const write = request.onAnswer?.(answer)
      if (write === undefined) return
      acknowledged++
      record(call, 'acknowledged', write)
      if (mix.readBack !== undefined && sampling.next() < options.probeShare)
        await probe.readBack(call, write, () => mix.readBack!(state, write, 'probe'))
    },
  }
}

/**
 * The connection broke, and the method is safe, as browsers judge of themselves (RFC 9110 §9.2.2), or the request has a
 * key by which the server knows it again (draft-ietf-httpapi-idempotency-key-header §2).
 */
function mayRetry({ method, headers }: LoadRequest, outcome: Answer | NoAnswer): boolean {
  if (isAnswer(outcome) || !outcome.unanswered) return false
  return method === 'GET' || method === 'HEAD' || headers?.['idempotency-key'] !== undefined
}

function outcomeOf({ expect }: LoadRequest, answer: Answer | NoAnswer): Outcome {
  if (!isAnswer(answer)) return { ok: false, error: answer.failure }
  const { status } = answer
  const expected = expect === undefined ? status >= 200 && status < 300 : expect.includes(status)
  return expected ? { ok: true } : { ok: false, error: String(status) }
}
