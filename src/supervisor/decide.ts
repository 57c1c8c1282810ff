// What to do next so that the members that run become the members that are wanted. Pure: the same arguments give the
// same actions, and carrying out the same action twice is harmless. Stopping everything is wanting nothing.
//
// It keeps these rules, which decide.test.ts states one by one:
// - a member is started when every member it needs is ready and serves, and never while a process of it is left;
// - a member that is not wanted is stopped when nothing that needs it is left;
// - a member whose specification changed takes it up in place if it can; otherwise it is stopped alone, and started
//   again by the first rule;
// - before a member stops, or when a person drained it, those that pass requests to it are told to keep them from it;
// - when everything stops, they stop before it instead;
// - a member that is late, hangs or does not stop is killed.

import type { UpstreamWish } from '../base/route.ts'
import { maySeeRequests, START_ATTEMPTS, type MemberState } from './member-state.ts'

export interface WantedMember {
  readonly name: string
  readonly specHash: string
  readonly after: readonly string[]
  /** It runs, and gets no requests. */
  readonly isDrained?: boolean
}

export type Action =
  | { readonly kind: 'start'; readonly name: string }
  | { readonly kind: 'reload'; readonly name: string }
  | { readonly kind: 'drain'; readonly name: string }
  | { readonly kind: 'take out'; readonly name: string }
  | { readonly kind: 'restore'; readonly name: string }
  | { readonly kind: 'stop'; readonly name: string }
  | { readonly kind: 'kill'; readonly name: string; readonly why: 'late' | 'hung' | 'stopping' }

/** What those that pass requests to a member do with it now. */
export interface RoutedNow {
  /** The wish that all of them carry out; undefined while that is not known. */
  readonly carriedOut: UpstreamWish | undefined
  readonly active: number
}

export interface Circumstances {
  readonly nowMs: number
  /** Upper bound for every member's grace; `Infinity` for its own. A second Ctrl-C lowers it. */
  readonly maxGraceMs: number
  /** By member. */
  readonly routed: ReadonlyMap<string, RoutedNow>
  /** Members whose process can take up the wanted specification in place. */
  readonly reloadable: ReadonlySet<string>
}

/** A member that is ready is killed as hung after this many probes in a row, and this long, without an answer. */
export const HUNG_PROBES = 5
export const HUNG_MS = 10_000

/**
 * How long a member may finish its requests before it is taken out: most take milliseconds, and what is longer (a large
 * upload, a WebSocket) has the grace of its stop for it.
 */
export const DRAIN_MS = 2_000
/** How long it is waited for that a member is out: whoever passes requests on may be dead. */
export const TAKE_OUT_MS = 2_000

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
  const leaves = (state: MemberState): readonly Action[] =>
    wanted.length === 0 ? forEnd(state, running) : forLeaving(state, running, circumstances)

  const forRunning = running.flatMap((state): readonly Action[] => {
    const spec = wantedByName.get(state.name)
    if (state.phase === 'preparing') return []
    if (state.phase === 'stopping') return forStopping(state, circumstances)
    if (spec === undefined) return isNeeded(state.name, running) ? [] : leaves(state)
    if (spec.specHash === state.specHash) return forWanted(state, spec, circumstances)
    return circumstances.reloadable.has(state.name) ? forReload(state, spec, circumstances) : leaves(state)
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

/** Everything stops: nobody new comes once those in front are gone, so nothing has to be told. */
function forEnd(state: MemberState, running: readonly MemberState[]): readonly Action[] {
  const isFronted = running.some(({ name, phase }) => phase !== 'preparing' && state.frontedBy.includes(name))
  return isFronted ? [] : [{ kind: 'stop', name: state.name }]
}

function forLeaving(
  state: MemberState,
  running: readonly MemberState[],
  circumstances: Circumstances,
): readonly Action[] {
  const { name } = state
  const isFronted = running.some(
    (front) => ['starting', 'ready'].includes(front.phase) && state.frontedBy.includes(front.name),
  )
  if (!isFronted || !maySeeRequests(state)) return [{ kind: 'stop', name }]
  const isOut =
    state.relief?.kind === 'out' &&
    (circumstances.routed.get(name)?.carriedOut === 'out' ||
      circumstances.nowMs - state.relief.sinceMs >= TAKE_OUT_MS)
  return isOut ? [{ kind: 'stop', name }] : forDrain(state, circumstances)
}

function forDrain({ name, relief }: MemberState, { nowMs, routed }: Circumstances): readonly Action[] {
  if (relief === undefined) return [{ kind: 'drain', name }]
  if (relief.kind === 'out') return []
  const now = routed.get(name)
  const isIdle = now?.carriedOut === 'drain' && now.active === 0
  return isIdle || nowMs - relief.sinceMs >= DRAIN_MS ? [{ kind: 'take out', name }] : []
}

/** One that refused stays as it is: it serves, and whoever wanted the change has to look. */
function forReload(state: MemberState, spec: WantedMember, circumstances: Circumstances): readonly Action[] {
  if (state.phase !== 'ready') return forLiving(state, circumstances)
  return state.reload?.specHash === spec.specHash
    ? forLiving(state, circumstances)
    : [{ kind: 'reload', name: state.name }]
}

function forWanted(state: MemberState, spec: WantedMember, circumstances: Circumstances): readonly Action[] {
  const living = forLiving(state, circumstances)
  if (living.length > 0) return living
  if (spec.isDrained === true && maySeeRequests(state)) return forDrain(state, circumstances)
  return spec.isDrained !== true && state.relief !== undefined ? [{ kind: 'restore', name: state.name }] : []
}

function forStopping(state: MemberState, { nowMs, maxGraceMs }: Circumstances): readonly Action[] {
  const isOver = nowMs - state.sinceMs >= Math.min(state.graceMs, maxGraceMs)
  return isOver ? [{ kind: 'kill', name: state.name, why: 'stopping' }] : []
}

function forLiving(state: MemberState, { nowMs }: Circumstances): readonly Action[] {
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
  const failed = wanted.find(({ name, specHash }) => {
    const state = states.get(name)
    return state !== undefined && hasFailed(state, specHash)
  })
  if (failed !== undefined) return { kind: 'failed', name: failed.name }
  const isReady = wanted.every(
    ({ name, specHash }) => states.get(name)?.phase === 'ready' && states.get(name)?.specHash === specHash,
  )
  return { kind: isReady ? 'ready' : 'pending' }
}

/** It ended too often or says that another start cannot help; or it refused to take up the wanted specification. */
export function hasFailed(state: MemberState, wantedHash: string | undefined): boolean {
  if (state.phase === 'idle') return state.refused || state.crashes >= START_ATTEMPTS
  return state.reload?.isFailed === true && state.reload.specHash === wantedHash
}
