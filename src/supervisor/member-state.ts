// What the supervisor knows of one member, and how that changes with what is observed. Pure.
//
// idle      no process. Enters: at first, or when the process is gone. Leaves: by `start`.
// preparing the engine makes directories and configuration. Leaves: to starting, or to idle when that fails.
// starting  the process runs and has not answered yet. Leaves: to ready, or to idle when it dies or is killed.
// ready     it has served. Stays here while it does not answer for a while, or answers that it does not serve at the
//           moment; leaves to idle when it dies, to stopping when it is not wanted any more.
// stopping  it was asked to stop. Leaves: the member is forgotten when its process is gone.
//
// A member that serves may be relieved of requests, by a person or before it stops: `draining` while it finishes what it
// has, then `out`. Its process goes on; the relief ends with it, or when the member is restored.
//
// An observation of an earlier incarnation is ignored by the caller (supervised-member.ts).

import { backoff } from '../base/backoff.ts'
import type { UpstreamWish } from '../base/route.ts'

export type Phase = 'idle' | 'preparing' | 'starting' | 'ready' | 'stopping'

export interface MemberState {
  readonly name: string
  /** Of the specification that its process was started with; empty while idle. */
  readonly specHash: string
  /** Members that it needs, by that specification. */
  readonly after: readonly string[]
  /** Members that pass requests to it, by that specification. */
  readonly frontedBy: readonly string[]
  readonly phase: Phase
  /** When the phase was entered. This and all times here are of the monotonic clock, in milliseconds. */
  readonly sinceMs: number
  /** Ends in a row, without a good run in between. */
  readonly crashes: number
  /** idle only: it is not started before. */
  readonly retryAtMs: number
  /** Its last end said that another start cannot help (EXIT_PERMANENT, or a permanent error of `prepare`). */
  readonly refused: boolean
  /**
   * ready: its last answer said that it serves. starting: it was adopted and has served under another supervisor, so it
   * is believed to serve, and a new supervisor takes nobody out of service.
   */
  readonly isServing: boolean
  /** How far it is relieved of requests. */
  readonly relief: { readonly kind: 'draining' | 'out'; readonly sinceMs: number } | undefined
  /** The specification that its process was last told to take up in place, and whether it refused. */
  readonly reload: { readonly specHash: string; readonly isFailed: boolean } | undefined
  /** ready only: probes in a row that got no answer, and since when. */
  readonly unanswered: { readonly probes: number; readonly sinceMs: number } | undefined
  readonly startDeadlineMs: number
  readonly graceMs: number
}

/**
 * A member that served this long before it ended is started again as if it had never ended before: one that comes up
 * wrong ends sooner. One that ends again and again after it served is therefore never paused, and costs at most one
 * start in this time.
 */
export const GOOD_RUN_MS = 5_000
/** Pause before the second start in a row after the immediate first one, and the longest pause. */
export const RETRY_FIRST_MS = 100
export const RETRY_MAX_MS = 10_000
/** Pause after an end that said that another start cannot help: a person may have mended it meanwhile. */
export const RETRY_REFUSED_MS = 30_000

/** A member that has no process yet. */
export function absent(name: string, nowMs: number): MemberState {
  return {
    name,
    specHash: '',
    after: [],
    frontedBy: [],
    phase: 'idle',
    sinceMs: nowMs,
    crashes: 0,
    retryAtMs: nowMs,
    refused: false,
    isServing: false,
    relief: undefined,
    reload: undefined,
    unanswered: undefined,
    startDeadlineMs: 0,
    graceMs: 0,
  }
}

/** How a wanted process came to its end; `late` when it was killed for not being ready in time. */
export type End = 'crashed' | 'refused' | 'late'

/** How often a member may end before it was ever ready until a first start is given up; once is enough if `late`. */
export const START_ATTEMPTS = 3

/** After its process ended, or could not be started, while it was wanted. */
export function ended(state: MemberState, nowMs: number, end: End): MemberState {
  const ranWell = state.phase === 'ready' && nowMs - state.sinceMs >= GOOD_RUN_MS
  const crashes = ranWell ? 1 : Math.max(state.crashes + 1, end === 'late' ? START_ATTEMPTS : 0)
  return {
    ...absent(state.name, nowMs),
    crashes,
    refused: end === 'refused',
    retryAtMs: nowMs + (end === 'refused' ? RETRY_REFUSED_MS : retryDelayMs(crashes)),
  }
}

/** Pause before the start that follows `crashes` ends in a row: 0, 100, 200, 400 … 10,000 ms. */
export function retryDelayMs(crashes: number): number {
  if (crashes <= 1) return 0
  // Beyond a dozen doublings the delay stays at its maximum.
  const attempts = Math.min(crashes - 1, 12)
  return [...backoff({ firstMs: RETRY_FIRST_MS, maxMs: RETRY_MAX_MS, attempts })].at(-1)!
}

/** What a probe came back with: it serves; it is alive and does not serve at the moment; nothing. */
export type Answer = 'serves' | 'waits' | 'none'

/**
 * After a probe of the running process. With `excused` a missing answer is not held against it: what it needs is not
 * there either, or the supervisor itself was late.
 */
export function probed(state: MemberState, nowMs: number, answer: Answer, excused: boolean): MemberState {
  if (state.phase === 'starting')
    return answer === 'serves'
      ? { ...state, phase: 'ready', sinceMs: nowMs, refused: false, isServing: true }
      : state
  if (state.phase !== 'ready') return state
  if (answer !== 'none') return { ...state, isServing: answer === 'serves', unanswered: undefined }
  if (excused) return { ...state, unanswered: undefined }
  const { probes, sinceMs } = state.unanswered ?? { probes: 0, sinceMs: nowMs }
  return { ...state, unanswered: { probes: probes + 1, sinceMs } }
}

/** It may have requests in work: its process has served once. */
export function maySeeRequests({ phase, isServing }: MemberState): boolean {
  return phase === 'ready' || (phase === 'starting' && isServing)
}

/**
 * Which requests it is to get. One that says "not now" stays in: a router checks its upstreams more often than the
 * supervisor, and if all say so (their database recovers) the visitors get their answer and not the router's.
 */
export function wishOf(state: MemberState): UpstreamWish {
  if (!maySeeRequests(state) || state.relief?.kind === 'out') return 'out'
  return state.relief === undefined ? 'ready' : 'drain'
}
