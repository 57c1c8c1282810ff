// What a load run found, as plain JSON. Pure: made from the recorder's counts once the run is over.

import type { Stage } from './arrivals.ts'
import { createHistogram, type Histogram } from './histogram.ts'
import type { ProbeCounts } from './probe.ts'
import type { CallCounts, MethodCounts, Recorder, SecondCounts, StageCounts } from './recorder.ts'

/** Milliseconds, at most 0.79 % above the true value; `max` and `mean` are exact. All 0 without values. */
export interface LatencySummary {
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly meanMs: number
}

/** Of all calls with one method. */
export interface MethodResult {
  readonly ok: number
  readonly failed: number
  /** Sent a second time because the connection broke, with `retrySafe`; each is also `ok` or `failed`. */
  readonly retried: number
  /** Failures by status or network error: `{ "500": 3, "ECONNRESET": 1, "timeout": 2 }`. */
  readonly errors: Readonly<Record<string, number>>
}

export interface CallResult extends MethodResult {
  /** Arrivals that found `maxInFlight` in flight and were not sent. */
  readonly dropped: number
  /** Arrivals that had nothing to act on. */
  readonly skipped: number
  /** Of right answers, from the intended start. */
  readonly latency: LatencySummary
  /** Of wrong answers, and of the time waited in vain. */
  readonly failedLatency: LatencySummary
}

export interface StageResult {
  readonly fromRate: number
  readonly toRate: number
  readonly seconds: number
  readonly measured: boolean
  readonly arrivals: number
  readonly ok: number
  readonly failed: number
  readonly dropped: number
  readonly offeredPerSecond: number
  /** Right answers that came while the stage lasted, a second. */
  readonly answeredPerSecond: number
  readonly latency: LatencySummary
}

/** The generator's own part, for judging whether it was the bottleneck. */
export interface GeneratorResult {
  /** How late requests were sent. */
  readonly startDelay: LatencySummary
  /** Share of the time that the event loop worked, 0 to 1. */
  readonly eventLoopUtilization: number
  readonly cpuSeconds: number
  /** Why the figures say more about the generator than about the server; null when they do not. */
  readonly limitedBy: string | null
}

export interface LoadResult {
  readonly mix: string
  readonly url: string
  readonly seed: string
  readonly variables: Readonly<Record<string, string>>
  readonly startedAt: string
  /** True when the run was ended early; what was counted until then is valid. */
  readonly interrupted: boolean
  /** Whether a safe request whose connection broke was sent once more. */
  readonly retrySafe: boolean
  /** Of the measured stages, as far as they ran. */
  readonly seconds: number
  readonly arrivals: number
  readonly ok: number
  readonly failed: number
  readonly retried: number
  readonly dropped: number
  readonly skipped: number
  /** Sent and neither answered nor failed when the run was cut off. */
  readonly unfinished: number
  readonly offeredPerSecond: number
  readonly answeredPerSecond: number
  readonly latency: LatencySummary
  readonly calls: Readonly<Record<string, CallResult>>
  /** The same by method: `{ "GET": …, "POST": … }`. */
  readonly methods: Readonly<Record<string, MethodResult>>
  readonly stages: readonly StageResult[]
  /** One entry for each second of the run, the warm-up included. */
  readonly timeline: readonly SecondCounts[]
  readonly probe: ProbeCounts & { readonly share: number }
  readonly acknowledgedWrites: number
  readonly generator: GeneratorResult
}

export interface RunFacts extends Pick<
  LoadResult,
  | 'mix'
  | 'url'
  | 'seed'
  | 'variables'
  | 'startedAt'
  | 'interrupted'
  | 'retrySafe'
  | 'unfinished'
  | 'probe'
  | 'acknowledgedWrites'
> {
  /** Since the start of the first stage. */
  readonly ranMs: number
  readonly eventLoopUtilization: number
  readonly cpuSeconds: number
}

export function summarize(histogram: Histogram): LatencySummary {
  const at = (quantile: number): number => histogram.quantile(quantile) / 1000
  return {
    p50Ms: at(0.5),
    p90Ms: at(0.9),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: histogram.max / 1000,
    meanMs: Math.round(histogram.mean) / 1000,
  }
}

export function makeResult(recorder: Recorder, stages: readonly Stage[], facts: RunFacts): LoadResult {
  const calls = [...recorder.calls.values()]
  const total = (count: (call: CallCounts) => number): number =>
    calls.reduce((sum, call) => sum + count(call), 0)
  const stageResults = stages.map((stage, index) =>
    stageResult(stage, recorder.stages[index]!, ranSeconds(stages, index, facts.ranMs)),
  )
  const measured = stageResults.filter((stage) => stage.measured)
  const seconds = measured.reduce((sum, stage) => sum + stage.seconds, 0)
  const arrivals = measured.reduce((sum, stage) => sum + stage.arrivals, 0)
  const answered = measured.reduce((sum, stage) => sum + stage.answeredPerSecond * stage.seconds, 0)
  const { eventLoopUtilization, cpuSeconds, ranMs: _, ...passedOn } = facts
  return {
    ...passedOn,
    seconds: round(seconds),
    arrivals,
    ok: total(({ ok }) => ok),
    failed: total(({ failed }) => failed),
    retried: total(({ retried }) => retried),
    dropped: total(({ dropped }) => dropped),
    skipped: total(({ skipped }) => skipped),
    offeredPerSecond: perSecond(arrivals, seconds),
    answeredPerSecond: perSecond(answered, seconds),
    latency: summarize(merged(calls.map(({ latency }) => latency))),
    calls: Object.fromEntries([...recorder.calls].map(([name, call]) => [name, callResult(call)])),
    methods: Object.fromEntries([...recorder.methods].map(([name, counts]) => [name, methodResult(counts)])),
    stages: stageResults,
    timeline: recorder.timeline,
    generator: {
      startDelay: summarize(recorder.startDelay),
      eventLoopUtilization: round(eventLoopUtilization),
      cpuSeconds: round(cpuSeconds),
      limitedBy: limitOf(eventLoopUtilization, recorder.startDelay),
    },
  }
}

const BUSY_UTILIZATION = 0.9
const LATE_P99_MS = 20

/** A sentence when the generator, and not the server, decided the figures. */
function limitOf(utilization: number, startDelay: Histogram): string | null {
  const lateMs = startDelay.quantile(0.99) / 1000
  if (utilization > BUSY_UTILIZATION)
    return `its event loop was busy ${Math.round(utilization * 100)} % of the time`
  if (lateMs > LATE_P99_MS) return `one request in a hundred was sent more than ${Math.round(lateMs)} ms late`
  return null
}

function methodResult({ ok, failed, retried, errors }: MethodCounts): MethodResult {
  return { ok, failed, retried, errors: Object.fromEntries(errors) }
}

function callResult(call: CallCounts): CallResult {
  const { dropped, skipped, latency, failedLatency } = call
  return {
    ...methodResult(call),
    dropped,
    skipped,
    latency: summarize(latency),
    failedLatency: summarize(failedLatency),
  }
}

function stageResult(stage: Stage, counts: StageCounts, seconds: number): StageResult {
  return {
    fromRate: stage.fromRate,
    toRate: stage.toRate,
    seconds: round(seconds),
    measured: stage.measured,
    arrivals: counts.arrivals,
    ok: counts.ok,
    failed: counts.failed,
    dropped: counts.dropped,
    offeredPerSecond: perSecond(counts.arrivals, seconds),
    answeredPerSecond: perSecond(counts.answeredDuring, seconds),
    latency: summarize(counts.latency),
  }
}

/** How much of the stage `index` had run after `ranMs`. */
function ranSeconds(stages: readonly Stage[], index: number, ranMs: number): number {
  const beforeMs = stages.slice(0, index).reduce((sum, { durationMs }) => sum + durationMs, 0)
  return Math.min(Math.max(0, ranMs - beforeMs), stages[index]!.durationMs) / 1000
}

function merged(histograms: readonly Histogram[]): Histogram {
  const all = createHistogram()
  for (const histogram of histograms) all.add(histogram)
  return all
}

function perSecond(count: number, seconds: number): number {
  return seconds === 0 ? 0 : round(count / seconds)
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
