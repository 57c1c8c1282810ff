// The next step of a live change: which members are to be wanted so that those of `from` become those of `to` and at no
// moment fewer serve than both have. Pure, and without a memory: what is wanted now and what is seen are enough, so any
// supervisor goes on where another one was killed. Putting back what was before is the same with the two changed over.
//
// The order: what can be changed in place is changed; new members come, with one more of a tier whose members are to be
// replaced; those that pass requests on come when those behind them are ready, and go when enough serve without them;
// each changed member is replaced alone; what is not wanted any more goes last. decide.ts drains, stops and starts what
// the steps want.

import { hashPlacement, type Placement } from '../records.ts'
import type { Seen } from './seen.ts'

export interface Rollout {
  readonly from: readonly Placement[]
  readonly to: readonly Placement[]
  readonly now: readonly Placement[]
  /** At most one a tier: a further member as in `to`. */
  readonly spares: readonly Placement[]
  /** Tiers whose members get their requests by a route. */
  readonly routed: ReadonlySet<string>
  /** Members that pass requests on. */
  readonly fronts: ReadonlySet<string>
  /** Of every member that is wanted or has a process. */
  readonly seen: ReadonlyMap<string, Seen>
}

export type Step =
  | { readonly kind: 'want'; readonly placements: readonly Placement[]; readonly step: string }
  /** For `name`; after `limitMs` it has failed. */
  | { readonly kind: 'wait'; readonly name: string; readonly step: string; readonly limitMs: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly name: string }

/** A member that never becomes ready has its engine's deadline; this is for one that waits for others before it starts. */
const READY_LIMIT_MS = 120_000
/** Between its own "ready" and the first requests; and for one that ended by itself to be back. */
const IN_SERVICE_LIMIT_MS = 30_000

const RULES: readonly ((rollout: Rollout) => Step | undefined)[] = [
  refresh,
  changeInPlace,
  addMembers,
  awaitReady,
  addFronts,
  awaitInService,
  removeFronts,
  awaitGone,
  replaceOne,
  drainMembers,
  removeMembers,
]

/** The first rule that has something to do, or to wait for, says what. */
export function nextStep(rollout: Rollout): Step {
  const failed = rollout.now.find((each) => isFresh(each, rollout) && seenOf(each, rollout).hasFailed)
  if (failed !== undefined) return { kind: 'failed', name: failed.spec.name }
  for (const rule of RULES) {
    const step = rule(rollout)
    if (step !== undefined) return step
  }
  return { kind: 'done' }
}

/** Names of members that are not yet as `to` has them. */
export function pending(rollout: Rollout): readonly string[] {
  const { now, to } = rollout
  const missing = to.filter((each) => {
    const present = find(now, each)
    if (present === undefined || !isSame(present, each) || present.isDrained !== each.isDrained) return true
    return isFresh(present, rollout) && !each.isDrained && !isServing(present, rollout)
  })
  return [...missing, ...now.filter((each) => find(to, each) === undefined)].map(({ spec }) => spec.name)
}

/** The same process, though it may be fronted by others. */
function refresh({ now, to }: Rollout): Step | undefined {
  const fronts = ({ spec }: Placement): string => (spec.frontedBy ?? []).join(' ')
  const refreshed = now.map((each) => {
    const wanted = find(to, each)
    const isStale = wanted !== undefined && isSame(each, wanted) && fronts(each) !== fronts(wanted)
    return isStale ? { ...each, spec: wanted.spec } : each
  })
  const changed = refreshed.find((each, index) => each !== now[index])
  return changed && { kind: 'want', placements: refreshed, step: 'the routes are changed' }
}

function changeInPlace(rollout: Rollout): Step | undefined {
  const { now, to } = rollout
  const changed = now.find((each) => !rollout.routed.has(each.spec.tier) && isChanged(each, rollout))
  const waits = now.find(
    (each) =>
      isFresh(each, rollout) &&
      find(rollout.from, each) !== undefined &&
      !rollout.routed.has(each.spec.tier) &&
      !isReady(each, rollout),
  )
  if (waits !== undefined) return wait(waits, 'takes up its new configuration', READY_LIMIT_MS)
  if (changed === undefined) return undefined
  return want(replace(now, find(to, changed)!), changed, 'takes up its new configuration')
}

function addMembers(rollout: Rollout): Step | undefined {
  const { now, to, fronts } = rollout
  const missing = to.filter((each) => find(now, each) === undefined && !fronts.has(each.spec.name))
  const restored = now.flatMap((each) => {
    const wanted = find(to, each)
    return wanted !== undefined && isSame(each, wanted) && each.isDrained && !wanted.isDrained ? [wanted] : []
  })
  const spares = rollout.spares.filter((spare) => needsSpare(spare, missing, rollout))
  const first = [...missing, ...restored, ...spares][0]
  if (first === undefined) return undefined
  const kept = now.filter((each) => find(spares, each) === undefined)
  const placements = restored.reduce(replace, [...kept, ...missing, ...spares])
  return want(placements, first, restored.includes(first) ? 'comes back into service' : 'is added')
}

/** Something of the tier has to stop for a moment, and nobody is there who may be missing then. */
function needsSpare(spare: Placement, missing: readonly Placement[], rollout: Rollout): boolean {
  const { tier } = spare.spec
  const present = find(rollout.now, spare)
  if (present !== undefined && (isSame(present, spare) || !seenOf(present, rollout).isOut)) return false
  const isReplaced = rollout.now.some(
    (each) => each.spec.tier === tier && !each.isDrained && isChanged(each, rollout),
  )
  const active = [...rollout.now, ...missing].filter(
    (each) =>
      each.spec.tier === tier && !each.isDrained && !seenOf(each, rollout).hasFailed && each !== present,
  )
  return isReplaced && active.length - 1 < floorOf(tier, rollout)
}

function awaitReady(rollout: Rollout): Step | undefined {
  const waits = rollout.now.find((each) => isFresh(each, rollout) && !isReady(each, rollout))
  return waits && wait(waits, 'starts', READY_LIMIT_MS)
}

/** They get visitors at once, also those who came another way until now: one that they pass them to is there first. */
function addFronts(rollout: Rollout): Step | undefined {
  const { now, to, fronts } = rollout
  const isFront = ({ spec }: Placement): boolean => fronts.has(spec.name)
  const missing = to.filter((each) => isFront(each) && find(now, each) === undefined)
  const mayBegin = now.some((each) => isFront(each) || (isFronted(each) && isReady(each, rollout)))
  if (missing.length === 0 || !mayBegin) return undefined
  return want([...missing, ...now], missing[0]!, 'is added')
}

function awaitInService(rollout: Rollout): Step | undefined {
  const waits = rollout.now.find(
    (each) => isFresh(each, rollout) && !each.isDrained && !isServing(each, rollout),
  )
  return waits && wait(waits, 'comes into service', IN_SERVICE_LIMIT_MS)
}

/** Only when all that stay are there: one of them may have ended by itself. */
function removeFronts(rollout: Rollout): Step | undefined {
  const { now, to, fronts } = rollout
  const isKept = (each: Placement): boolean => !fronts.has(each.spec.name) || find(to, each) !== undefined
  const surplus = now.find((each) => !isKept(each))
  if (surplus === undefined || !hasWayIn(rollout)) return undefined
  const kept = now.filter(isKept)
  const away = kept.find((each) => fronts.has(each.spec.name) && !isReady(each, rollout))
  return away === undefined ? want(kept, surplus, 'stops') : wait(away, 'is waited for', IN_SERVICE_LIMIT_MS)
}

/** Where all of them go, visitors come another way from then on: enough must serve there already. */
function hasWayIn(rollout: Rollout): boolean {
  const { now, to, fronts, routed } = rollout
  if (to.some(({ spec }) => fronts.has(spec.name))) return true
  return [...routed].every((tier) => {
    const open = now.filter((each) => each.spec.tier === tier && !isFronted(each) && isServing(each, rollout))
    return open.length >= Math.max(1, leastOf(tier, rollout))
  })
}

function awaitGone({ now, seen }: Rollout): Step | undefined {
  const wanted = new Set(now.map(({ spec }) => spec.name))
  const leaving = [...seen.keys()].find((name) => !wanted.has(name))
  if (leaving === undefined) return undefined
  return { kind: 'wait', name: leaving, step: `${leaving} stops`, limitMs: Number.POSITIVE_INFINITY }
}

/**
 * Those that certainly serve nobody first: they cost nothing, and may be why the others wait. Of one whose process
 * serves it is not certain, also when nobody says that it gets requests: a new supervisor has not asked yet.
 */
function replaceOne(rollout: Rollout): Step | undefined {
  const changed = rollout.now.filter((each) => isChanged(each, rollout))
  const idle = changed.find((each) => seenOf(each, rollout).isOut)
  const next = idle ?? changed[0]
  if (next === undefined) return undefined
  if (idle === undefined && !maySpare([next], rollout)) return awaitOthers(next.spec.tier, rollout)
  return want(replace(rollout.now, find(rollout.to, next)!), next, 'is replaced')
}

function drainMembers(rollout: Rollout): Step | undefined {
  const { now, to } = rollout
  const next = now.find((each) => !each.isDrained && find(to, each)?.isDrained === true)
  if (next !== undefined)
    return !seenOf(next, rollout).isOut && !maySpare([next], rollout)
      ? awaitOthers(next.spec.tier, rollout)
      : want(replace(now, find(to, next)!), next, 'finishes its requests')
  const drains = now.find(
    (each) => each.isDrained && find(rollout.from, each)?.isDrained !== true && !seenOf(each, rollout).isOut,
  )
  return drains && wait(drains, 'finishes its requests', READY_LIMIT_MS)
}

function removeMembers(rollout: Rollout): Step | undefined {
  const { now, to } = rollout
  const surplus = now.filter((each) => find(to, each) === undefined)
  if (surplus.length === 0) return undefined
  const short = surplus.find(
    (each) => rollout.routed.has(each.spec.tier) && !maySpare(surplus, rollout, each.spec.tier),
  )
  if (short !== undefined) return awaitOthers(short.spec.tier, rollout)
  return want(to, surplus[0]!, 'finishes its requests and stops')
}

/** Whether enough members of the tier serve without these; one fewer where there can be no further one. */
function maySpare(without: readonly Placement[], rollout: Rollout, tier = without[0]!.spec.tier): boolean {
  if (!rollout.routed.has(tier)) return true
  const serving = rollout.now.filter(
    (each) => each.spec.tier === tier && !without.includes(each) && isServing(each, rollout),
  )
  return serving.length >= leastOf(tier, rollout)
}

/** How many have to serve beside one that stops. */
function leastOf(tier: string, rollout: Rollout): number {
  const hasSpare = rollout.spares.some(({ spec }) => spec.tier === tier)
  return floorOf(tier, rollout) - (hasSpare ? 0 : 1)
}

function awaitOthers(tier: string, rollout: Rollout): Step {
  const missing = rollout.now.find(
    (each) => each.spec.tier === tier && !each.isDrained && !isServing(each, rollout),
  )
  const name = missing?.spec.name ?? tier
  return { kind: 'wait', name, step: `${name} is waited for`, limitMs: IN_SERVICE_LIMIT_MS }
}

/** How many of the tier always serve: what both sides of the change have. */
function floorOf(tier: string, { from, to }: Rollout): number {
  const count = (side: readonly Placement[]): number =>
    side.filter((each) => each.spec.tier === tier && !each.isDrained).length
  return Math.min(count(from), count(to))
}

function isSame(one: Placement, other: Placement): boolean {
  return hashPlacement(one) === hashPlacement(other)
}

function find(side: readonly Placement[], { spec }: Placement): Placement | undefined {
  return side.find((each) => each.spec.name === spec.name)
}

function replace(side: readonly Placement[], by: Placement): readonly Placement[] {
  return side.map((each) => (each.spec.name === by.spec.name ? by : each))
}

function isChanged(each: Placement, { to }: Rollout): boolean {
  const wanted = find(to, each)
  return wanted !== undefined && !isSame(each, wanted)
}

/** This change put it there, as it is or in service: so it is the change's affair how it fares. */
function isFresh(each: Placement, { from, to, spares }: Rollout): boolean {
  const wanted = find(to, each) ?? find(spares, each)
  if (wanted === undefined || !isSame(each, wanted)) return false
  const before = find(from, each)
  return before === undefined || !isSame(before, each) || (before.isDrained && !each.isDrained)
}

function isFronted({ spec }: Placement): boolean {
  return (spec.frontedBy ?? []).length > 0
}

function isReady(each: Placement, rollout: Rollout): boolean {
  const { hash, isReady: saysSo } = seenOf(each, rollout)
  return saysSo && hash === hashPlacement(each)
}

function isServing(each: Placement, rollout: Rollout): boolean {
  const { hash, inService } = seenOf(each, rollout)
  return inService && !each.isDrained && hash === hashPlacement(each)
}

const NOTHING: Seen = { hash: '', isReady: false, inService: false, isOut: true, hasFailed: false }

function seenOf({ spec }: Placement, { seen }: Rollout): Seen {
  return seen.get(spec.name) ?? NOTHING
}

function want(placements: readonly Placement[], { spec }: Placement, what: string): Step {
  return { kind: 'want', placements, step: `${spec.name} ${what}` }
}

function wait({ spec }: Placement, what: string, limitMs: number): Step {
  return { kind: 'wait', name: spec.name, step: `${spec.name} ${what}`, limitMs }
}
