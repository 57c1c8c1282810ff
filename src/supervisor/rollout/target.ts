// What a request for a change means: the members that are to be reached, or why that cannot be. Pure.

import { PlatformError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import type { ChangeRequest } from '../change.ts'
import { hashPlacement, type Goal, type Placement, type Plan } from '../records.ts'

/** What the engines of a plan say to it. */
export interface Abilities {
  /** `plan` with `count` members of its routed tier; undefined where that cannot be told. */
  resize(plan: Plan, count: number): Plan | undefined
  /** How many of them there may be at once. */
  maxServers(plan: Plan): number
  /** Whether the process of the one becomes the other in place. */
  canReload(from: Placement, to: Placement): boolean
}

/**
 * What `request` makes of `present`, with nothing yet done.
 * @throws SUPERVISOR_UNKNOWN_MEMBER, SUPERVISOR_NOT_ROUTED, SUPERVISOR_NOT_DRAINED, SUPERVISOR_SCALE_LIMIT,
 * SUPERVISOR_CHANGE_NEEDS_RESTART
 */
export function planChange(request: ChangeRequest, present: Goal, abilities: Abilities): Goal {
  const goal = reach(request, present, abilities)
  const blocked = present.placements.filter((before) => {
    const after = goal.placements.find(({ spec }) => spec.name === before.spec.name)
    if (after === undefined || hashPlacement(after) === hashPlacement(before)) return false
    const { tier } = before.spec
    if (isRouted(tier, present.plan) && isRouted(tier, goal.plan)) return false
    return !abilities.canReload(before, after)
  })
  if (blocked.length > 0)
    throw new PlatformError('SUPERVISOR_CHANGE_NEEDS_RESTART', {
      members: blocked.map(({ spec }) => spec.name),
    })
  return goal
}

function reach(request: ChangeRequest, present: Goal, abilities: Abilities): Goal {
  const { plan, placements } = present
  const drained = placements.filter(({ isDrained }) => isDrained).map(({ spec }) => spec.name)
  const goal = (next: Plan, names: readonly string[]): Goal => goalOf(next, placements, names, abilities)
  switch (request.kind) {
    case 'apply':
      return goal(request.plan, drained)
    case 'scale': {
      assertRouted(request.tier, 'scale', present)
      const { tier, count } = request
      const max = abilities.maxServers(plan)
      const isPossible = Number.isInteger(count) && count >= 1 && count < max
      const resized = isPossible ? abilities.resize(plan, count) : undefined
      if (resized === undefined) throw limit(tier, count, 0, max)
      return goal(resized, drained)
    }
    case 'drain':
      assertRouted(memberOf(request.member, present).spec.tier, 'drain', present, request.member)
      return goal(plan, [...new Set([...drained, request.member])])
    case 'restore':
      if (!memberOf(request.member, present).isDrained)
        throw new PlatformError('SUPERVISOR_NOT_DRAINED', { name: request.member })
      return goal(
        plan,
        drained.filter((name) => name !== request.member),
      )
    default:
      return restarted(request.tier, present)
  }
}

function restarted(tier: string, present: Goal): Goal {
  assertTier(tier, present)
  const renew = (each: Placement): Placement =>
    each.spec.tier === tier ? { ...each, renewal: each.renewal + 1 } : each
  return { ...present, placements: present.placements.map(renew), spares: present.spares.map(renew) }
}

/**
 * The members of `plan`, one more of its routed tier for each drained one. A drained one that is beyond their number, or
 * not routed any more, is not kept.
 */
function goalOf(
  plan: Plan,
  present: readonly Placement[],
  drained: readonly string[],
  abilities: Abilities,
): Goal {
  const tier = plan.routes[0]?.tier
  const place = (spec: Placement['spec']): Placement => ({
    spec,
    renewal: present.find((each) => each.spec.name === spec.name)?.renewal ?? 0,
    isDrained: drained.includes(spec.name),
  })
  if (tier === undefined) return { plan, placements: plan.members.map(place), spares: [] }
  const count = plan.members.filter((member) => member.tier === tier).length
  const wanted = count + drained.length
  if (drained.length > 0 && wanted >= abilities.maxServers(plan))
    throw limit(tier, count, drained.length, abilities.maxServers(plan))
  const { members } = drained.length === 0 ? plan : (abilities.resize(plan, wanted) ?? plan)
  const kept = drained.filter((name) => members.some((member) => member.name === name))
  if (kept.length < drained.length) return goalOf(plan, present, kept, abilities)
  const known = new Set(members.map(({ name }) => name))
  const further = abilities.resize(plan, wanted + 1)?.members.find(({ name }) => !known.has(name))
  return {
    plan,
    placements: members.map(place),
    spares: further === undefined ? [] : [{ ...place(further), isDrained: false }],
  }
}

/** What runs, with all that a change of it needs. */
export function presentGoal(plan: Plan, placements: readonly Placement[], abilities: Abilities): Goal {
  const drained = placements.filter(({ isDrained }) => isDrained).map(({ spec }) => spec.name)
  return { ...goalOf(plan, placements, drained, abilities), placements }
}

function isRouted(tier: string, plan: Plan): boolean {
  return plan.routes.some((route) => route.tier === tier)
}

function memberOf(name: string, { placements }: Goal): Placement {
  const member = placements.find(({ spec }) => spec.name === name)
  if (member !== undefined) return member
  throw unknown(
    name,
    placements.map(({ spec }) => spec.name),
  )
}

function assertTier(tier: string, { placements }: Goal): void {
  const tiers = [...new Set(placements.map(({ spec }) => spec.tier))]
  if (!tiers.includes(tier)) throw unknown(tier, tiers)
}

function assertRouted(tier: string, wish: 'drain' | 'scale', present: Goal, name = tier): void {
  assertTier(tier, present)
  if (isRouted(tier, present.plan)) return
  throw new PlatformError('SUPERVISOR_NOT_ROUTED', {
    name,
    wish,
    routed: present.plan.routes.map((route) => route.tier),
  })
}

function unknown(name: string, known: readonly string[]): PlatformError {
  return new PlatformError('SUPERVISOR_UNKNOWN_MEMBER', { name, known, nearest: nearest(name, known) })
}

function limit(tier: string, count: number, drained: number, max: number): PlatformError {
  return new PlatformError('SUPERVISOR_SCALE_LIMIT', { tier, count, drained, max })
}
