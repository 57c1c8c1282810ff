// A load run from beginning to end: prepares a mix on a target once, then drives as many runs against it as wanted.
// This is the place where the open loop, the client, the mix, the probe and the recorder meet.

import { performance } from 'node:perf_hooks'
import type { Clock } from '../base/clock.ts'
import { describeError, isPlatformError, PlatformError } from '../base/errors.ts'
import { seededRandom, type Random } from '../base/random.ts'
import { verifyWrites, type Verification, type WriteRecord } from './acknowledged.ts'
import { createClient, isAnswer, type LoadClient } from './client.ts'
import { drive } from './drive.ts'
import { createProbe } from './probe.ts'
import { createRecorder } from './recorder.ts'
import { makeResult, type LoadResult } from './result.ts'
import type { LoadTarget, RunOptions } from './target.ts'
import { createVisits } from './visits.ts'

export interface PreparedLoad {
  /** Drives one run. One at a time. */
  run(options: RunOptions): Promise<LoadResult>
  /** Checks the writes that an earlier run recorded. @throws LOAD_NOT_VERIFIABLE */
  verify(records: readonly WriteRecord[]): Promise<Verification>
  close(): void
}

/** After an interruption, requests in flight get this long to come back. */
const INTERRUPTED_WAIT_MS = 2_000

/** Prepares the mix on the target. @throws LOAD_OPTION_INVALID (the URL), LOAD_PREPARE_FAILED */
export async function prepareLoad<State>(target: LoadTarget<State>): Promise<PreparedLoad> {
  const client = createClient({ ...target, sockets: target.maxInFlight })
  try {
    const state = await prepareState(target, client)
    let runs = 0
    return {
      close: () => client.close(),
      verify: (records) => verifyWrites(records, target.mix, state, client),
      // Each run has a seed of its own, so that the second does not ask for exactly the things that the first warmed up.
      run: (options) => runOnce(target, options, state, client, seededRandom(`${target.seed}/run/${++runs}`)),
    }
  } catch (error) {
    client.close()
    throw error
  }
}

async function prepareState<State>(target: LoadTarget<State>, client: LoadClient): Promise<State> {
  const { mix, variables, seed, url } = target
  try {
    return await mix.prepare({
      variables,
      random: seededRandom(`${seed}/prepare`),
      progress: target.progress ?? ((): void => {}),
      async fetch(request) {
        const answer = await client.send(request)
        if (isAnswer(answer)) return answer
        throw new Error(`${request.method} ${request.path} got no answer (${answer.failure})`)
      },
    })
  } catch (cause) {
    if (isPlatformError(cause)) throw cause
    throw new PlatformError(
      'LOAD_PREPARE_FAILED',
      { mix: mix.name, url, reason: describeError(cause) },
      { cause },
    )
  }
}

async function runOnce<State>(
  target: LoadTarget<State>,
  options: RunOptions,
  state: State,
  client: LoadClient,
  random: Random,
): Promise<LoadResult> {
  const { clock, mix } = target
  const recorder = createRecorder(Object.keys(mix.calls), options.stages)
  const probe = createProbe(client)
  const startedAt = new Date(clock.now()).toISOString()
  const cpuBefore = process.cpuUsage()
  const loopBefore = performance.eventLoopUtilization()
  const visits = createVisits({ target, options, state, client, recorder, probe, random })

  const signal = AbortSignal.any([visits.broken, ...(options.signal === undefined ? [] : [options.signal])])
  const loop = drive({
    stages: options.stages,
    random: random.fork('arrivals'),
    clock,
    maxInFlight: target.maxInFlight,
    signal,
    start: (arrival, fromMs) => visits.start(arrival, fromMs),
    drop: (arrival) => visits.drop(arrival),
  })
  visits.begin(loop.startedAtMs)
  const stopTicking = clock.every(1000, () => {
    recorder.passed(clock.monotonic() - loop.startedAtMs)
    options.onSecond?.(recorder, loop.inFlight)
  })
  await loop.arrived
  const ranMs = clock.monotonic() - loop.startedAtMs
  const interrupted = signal.aborted
  const cpu = process.cpuUsage(cpuBefore)
  const { utilization } = performance.eventLoopUtilization(loopBefore)
  await atMost(clock, interrupted ? INTERRUPTED_WAIT_MS : target.timeoutMs * 2, loop.settled)
  stopTicking()
  visits.end()
  recorder.finish()
  if (visits.broken.aborted) throw visits.broken.reason
  return makeResult(recorder, options.stages, {
    mix: mix.name,
    url: target.url,
    seed: target.seed,
    variables: target.variables,
    startedAt,
    interrupted,
    retrySafe: target.retrySafe === true,
    ranMs,
    unfinished: loop.inFlight,
    probe: { share: options.probeShare, ...probe.counts },
    acknowledgedWrites: visits.acknowledged,
    eventLoopUtilization: utilization,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
  })
}

/** Resolves with `promise`, or after `limitMs`, whichever is first. */
async function atMost(clock: Clock, limitMs: number, promise: Promise<void>): Promise<void> {
  const over = new AbortController()
  await Promise.race([promise, clock.sleep(limitMs, over.signal).catch(() => {})])
  over.abort()
}
