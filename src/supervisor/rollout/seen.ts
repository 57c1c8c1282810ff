// What those who decide on a change look at of one member. Pure.

import { hasFailed, TAKE_OUT_MS, type RoutedNow } from '../decide.ts'
import { maySeeRequests, type MemberState } from '../member-state.ts'

export interface Seen {
  /** Hash of the placement that its process runs as; empty without a process. */
  readonly hash: string
  /** Its process serves, by its own word. */
  readonly isReady: boolean
  /** It gets the requests that come: everything in front of it says so, where something is. */
  readonly inService: boolean
  /** It gets no requests any more, or has no process. */
  readonly isOut: boolean
  /** It ended too often, or refused the configuration that it is to have. */
  readonly hasFailed: boolean
}

export interface View {
  /** Hash of its placement; undefined when it is not wanted. */
  readonly wantedHash: string | undefined
  /** Others pass requests to it. */
  readonly isFronted: boolean
  readonly routed: RoutedNow | undefined
  readonly nowMs: number
}

export function see(state: MemberState, { wantedHash, isFronted, routed, nowMs }: View): Seen {
  const { specHash, phase, isServing, relief } = state
  const isReady = phase === 'ready' && isServing
  const isTold =
    routed?.carriedOut === 'out' || (relief !== undefined && nowMs - relief.sinceMs >= TAKE_OUT_MS)
  return {
    hash: specHash,
    isReady,
    inService: isReady && relief === undefined && (!isFronted || routed?.carriedOut === 'ready'),
    isOut: !maySeeRequests(state) || (relief?.kind === 'out' && isTold),
    hasFailed: hasFailed(state, wantedHash),
  }
}
