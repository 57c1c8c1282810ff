// How a member came to its end while it was wanted, in the words for a person. Pure.

import type { End, MemberState } from './member-state.ts'

export interface MemberFailure {
  readonly end: End
  /** From the start to the end. */
  readonly waitedMs: number
  /** `exited with status 1`; goes into a sentence after the member's name. */
  readonly reason: string
  readonly error: unknown
}

export interface Ending {
  readonly end: End
  readonly reason: string
  readonly error: unknown
  /** Why the supervisor killed it, if it did. */
  readonly killedWhy: 'late' | 'hung' | 'stopping' | undefined
  /** What its last probe said. */
  readonly detail: string
}

/** A member that was killed ends by a signal; what matters is why. */
export function failureOf(state: MemberState, nowMs: number, ending: Ending): MemberFailure {
  const { end, reason, error, killedWhy, detail } = ending
  const waitedMs = Math.round(nowMs - state.sinceMs)
  if (killedWhy === 'hung') return { end, reason: 'did not answer any more and was killed', waitedMs, error }
  if (killedWhy !== 'late') return { end, reason, waitedMs, error }
  return {
    end: 'late',
    reason: `was not ready after ${state.startDeadlineMs} ms: ${detail}`,
    waitedMs,
    error,
  }
}
