// Counts what happened to every arrival, by call, by stage and by second, in constant memory. Knows nothing of HTTP or
// of time: it is told. Arrivals of the warm-up are counted by stage only.

import { createHistogram, type Histogram } from './histogram.ts'
import type { Stage } from './arrivals.ts'

/** How an arrival ended. `error` is a status such as `500`, or `timeout`, `ECONNRESET`, … */
export type Outcome = { readonly ok: true } | { readonly ok: false; readonly error: string }

export interface Ending {
  readonly call: string
  readonly method: string
  /** Sent a second time, because its connection broke. */
  readonly retried: boolean
  /** Index of the arrival's stage. */
  readonly stage: number
  /** Since the start of the run. */
  readonly endedAtMs: number
  /** From the intended start to the last byte. */
  readonly latencyMs: number
  /** From the intended start to the real one: the generator's own lateness. */
  readonly startDelayMs: number
  readonly outcome: Outcome
}

/** Of all calls with one method. */
export interface MethodCounts {
  ok: number
  failed: number
  retried: number
  readonly errors: Map<string, number>
}

export interface CallCounts extends MethodCounts {
  dropped: number
  skipped: number
  /** Of right answers, in microseconds. */
  readonly latency: Histogram
  /** Of all others, in microseconds. */
  readonly failedLatency: Histogram
}

export interface StageCounts {
  arrivals: number
  ok: number
  failed: number
  dropped: number
  /** Right answers that came while the stage lasted, whenever they were asked for. */
  answeredDuring: number
  readonly latency: Histogram
}

export interface SecondCounts {
  /** Seconds since the start of the run, counted from 0. */
  readonly second: number
  ok: number
  failed: number
  dropped: number
  p99Ms: number
  maxMs: number
}

export interface Recorder {
  arrived(stage: number): void
  ended(ending: Ending): void
  dropped(call: string, stage: number, atMs: number): void
  skipped(call: string, stage: number): void
  readonly calls: ReadonlyMap<string, CallCounts>
  /** Of every method that was used. */
  readonly methods: ReadonlyMap<string, MethodCounts>
  readonly stages: readonly StageCounts[]
  /** Of measured arrivals, in microseconds. */
  readonly startDelay: Histogram
  /** Every complete second so far, at most `TIMELINE_MAX` of them. */
  readonly timeline: readonly SecondCounts[]
  /** Time has come to `atMs`: the seconds before it are complete, even those in which nothing happened. */
  passed(atMs: number): void
  /** Puts the second under way at the end of the timeline. Call once, at the end. */
  finish(): void
}

/** A day; a longer run keeps its first day. */
const TIMELINE_MAX = 86_400
/** A server that invents error codes must not fill the memory. */
const ERROR_KINDS_MAX = 40

export function createRecorder(callNames: readonly string[], stages: readonly Stage[]): Recorder {
  const calls = new Map(callNames.map((name) => [name, emptyCall()]))
  const methods = new Map<string, MethodCounts>()
  const stageCounts = stages.map(emptyStage)
  const stageEndsMs = stages.map((_, index) =>
    stages.slice(0, index + 1).reduce((sum, { durationMs }) => sum + durationMs, 0),
  )
  const startDelay = createHistogram()
  const seconds = createTimeline()

  const countEnding = (call: CallCounts, ending: Ending): void => {
    const { outcome, latencyMs, startDelayMs, method } = ending
    startDelay.record(startDelayMs * 1000)
    ;(outcome.ok ? call.latency : call.failedLatency).record(latencyMs * 1000)
    const ofMethod = methods.get(method) ?? emptyMethod()
    methods.set(method, ofMethod)
    count(call, ending)
    count(ofMethod, ending)
  }
  return {
    calls,
    methods,
    stages: stageCounts,
    startDelay,
    timeline: seconds.complete,
    passed: (atMs) => seconds.passed(atMs),
    finish: () => seconds.close(),
    arrived: (stage) => void stageCounts[stage]!.arrivals++,
    ended(ending) {
      const stage = stageCounts[ending.stage]!
      if (ending.outcome.ok) {
        stage.ok++
        stage.latency.record(ending.latencyMs * 1000)
        const during = stageEndsMs.findIndex((endMs) => ending.endedAtMs < endMs)
        if (during >= 0) stageCounts[during]!.answeredDuring++
      } else stage.failed++
      if (stages[ending.stage]!.measured) countEnding(calls.get(ending.call)!, ending)
      seconds.ended(ending)
    },
    dropped(call, stage, atMs) {
      stageCounts[stage]!.dropped++
      if (stages[stage]!.measured) calls.get(call)!.dropped++
      seconds.dropped(atMs)
    },
    skipped(call, stage) {
      if (stages[stage]!.measured) calls.get(call)!.skipped++
    },
  }
}

function count(counts: MethodCounts, { outcome, retried }: Ending): void {
  if (retried) counts.retried++
  if (outcome.ok) {
    counts.ok++
    return
  }
  counts.failed++
  const known = counts.errors.has(outcome.error) || counts.errors.size < ERROR_KINDS_MAX
  const kind = known ? outcome.error : 'other'
  counts.errors.set(kind, (counts.errors.get(kind) ?? 0) + 1)
}

function emptyMethod(): MethodCounts {
  return { ok: 0, failed: 0, retried: 0, errors: new Map() }
}

function emptyCall(): CallCounts {
  return {
    ...emptyMethod(),
    dropped: 0,
    skipped: 0,
    latency: createHistogram(),
    failedLatency: createHistogram(),
  }
}

function emptyStage(): StageCounts {
  return { arrivals: 0, ok: 0, failed: 0, dropped: 0, answeredDuring: 0, latency: createHistogram() }
}

function createTimeline(): {
  readonly complete: readonly SecondCounts[]
  ended(ending: Ending): void
  dropped(atMs: number): void
  passed(atMs: number): void
  close(): void
} {
  const complete: SecondCounts[] = []
  const empty = (second: number): SecondCounts => ({
    second,
    ok: 0,
    failed: 0,
    dropped: 0,
    p99Ms: 0,
    maxMs: 0,
  })
  let current = empty(0)
  let latency = createHistogram()

  const close = (): void => {
    current.p99Ms = latency.quantile(0.99) / 1000
    current.maxMs = latency.max / 1000
    if (complete.length < TIMELINE_MAX) complete.push(current)
  }
  const at = (ms: number): SecondCounts => {
    const second = Math.floor(ms / 1000)
    while (current.second < second) {
      close()
      current = empty(current.second + 1)
      latency = createHistogram()
    }
    return current
  }
  return {
    complete,
    close,
    passed: (atMs) => void at(atMs),
    ended({ endedAtMs, latencyMs, outcome }) {
      const counts = at(endedAtMs)
      if (outcome.ok) counts.ok++
      else counts.failed++
      latency.record(latencyMs * 1000)
    },
    dropped: (atMs) => void at(atMs).dropped++,
  }
}
