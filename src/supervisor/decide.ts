// What to do next so that the members that run become the members that are wanted. Pure: the same arguments give the
// same actions, and carrying out the same action twice is harmless. Stopping everything is wanting nothing.
//
// It keeps these rules, which decide.test.ts states one by one:
// - a member is started when every member it needs is ready and serves, and never while a process of it is left;
// - a member that is not wanted is stopped when nothing that needs it is left;
// - a member whose specification changed is stopped alone, and started again by the first rule;
// - a member that is late, hangs or does not stop is killed.

import { START_ATTEMPTS, type MemberState } from './member-state.ts'

export interface WantedMember {
  readonly name: string
  readonly specHash: string
  readonly after: readonly string[]
}

export type Action =
  | { readonly kind: 'start'; readonly name: string }
  | { readonly kind: 'stop'; readonly name: string }
  | { readonly kind: 'kill'; readonly name: string; readonly why: 'late' | 'hung' | 'stopping' }

export interface Circumstances {
  readonly nowMs: number
  /** Upper bound for every member's grace; `Infinity` for its own. A second Ctrl-C lowers it. */
  readonly maxGraceMs: number
}

/** A member that is ready is killed as hung after this many probes in a row, and this long, without an answer. */
export const HUNG_PROBES = 5
export const HUNG_MS = 10_000

/** At most one action a member, in the order of `actual` and then of `wanted`. */
export function decide(
  wanted: readonly WantedMember[],
  actual: readonly MemberState[],
  circumstances: Circumstances,
): readonly Action[] {
  const wantedByName = new Map(wanted.map((member) => [member.name, member]))
  const running = actual.filter(({ phase }) => phase !== 'idle')
  const ready = new Set(
    actual.filter(({ phase, isServing }) => phase === 'ready' && isServing).map(({ name }) => name),
  )

  const forRunning = running.flatMap((state): readonly Action[] => {
    const spec = wantedByName.get(state.name)
    if (state.phase === 'preparing') return []
    if (state.phase === 'stopping') return forStopping(state, circumstances)
    if (spec === undefined) return isNeeded(state.name, running) ? [] : [{ kind: 'stop', name: state.name }]
    if (spec.specHash !== state.specHash) return [{ kind: 'stop', name: state.name }]
    return forWanted(state, circumstances)
  })

  const idle = new Map(actual.map((state) => [state.name, state]))
  const starts = wanted.flatMap((spec): readonly Action[] => {
    const state = idle.get(spec.name)
    const mayStart = state === undefined || (state.phase === 'idle' && circumstances.nowMs >= state.retryAtMs)
    return mayStart && spec.after.every((name) => ready.has(name)) ? [{ kind: 'start', name: spec.name }] : []
  })
  return [...forRunning, ...starts]
}

function isNeeded(name: string, running: readonly MemberState[]): boolean {
  return running.some((other) => other.name !== name && other.after.includes(name))
}

function forStopping(state: MemberState, { nowMs, maxGraceMs }: Circumstances): readonly Action[] {
  const isOver = nowMs - state.sinceMs >= Math.min(state.graceMs, maxGraceMs)
  return isOver ? [{ kind: 'kill', name: state.name, why: 'stopping' }] : []
}

function forWanted(state: MemberState, { nowMs }: Circumstances): readonly Action[] {
  if (state.phase === 'starting') {
    const isLate = nowMs - state.sinceMs >= state.startDeadlineMs
    return isLate ? [{ kind: 'kill', name: state.name, why: 'late' }] : []
  }
  const { unanswered } = state
  const isHung =
    unanswered !== undefined && unanswered.probes >= HUNG_PROBES && nowMs - unanswered.sinceMs >= HUNG_MS
  return isHung ? [{ kind: 'kill', name: state.name, why: 'hung' }] : []
}

export type StartVerdict =
  | { readonly kind: 'ready' }
  | { readonly kind: 'pending' }
  | { readonly kind: 'failed'; readonly name: string }

/** Whether the first start of all of `wanted` is done, still under way, or to be given up. */
export function judgeStart(wanted: readonly WantedMember[], actual: readonly MemberState[]): StartVerdict {
  const states = new Map(actual.map((state) => [state.name, state]))
  const failed = wanted.find(({ name }) => {
    const state = states.get(name)
    return state?.phase === 'idle' && (state.refused || state.crashes >= START_ATTEMPTS)
  })
  if (failed !== undefined) return { kind: 'failed', name: failed.name }
  const isReady = wanted.every(
    ({ name, specHash }) => states.get(name)?.phase === 'ready' && states.get(name)?.specHash === specHash,
  )
  return { kind: isReady ? 'ready' : 'pending' }
}
