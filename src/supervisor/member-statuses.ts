// The lines of `pando status` from what the supervisor holds of every member. Pure.

import type { RoutedNow } from './decide.ts'
import type { Fleet } from './fleet.ts'
import type { Placement } from './records.ts'
import { describeMember, type MemberStatus } from './status.ts'

export interface Surroundings {
  readonly nowMs: number
  readonly isUp: boolean
  readonly routed: ReadonlyMap<string, RoutedNow>
}

/** Those that are wanted in the order of starting, then those that are left. */
export function memberStatuses(
  placements: readonly Placement[],
  fleet: Pick<Fleet, 'members'>,
  around: Surroundings,
): readonly MemberStatus[] {
  const unwanted = [...fleet.members.keys()].filter(
    (name) => !placements.some(({ spec }) => spec.name === name),
  )
  return [...placements.map(({ spec }) => spec.name), ...unwanted].map((name) =>
    memberStatus(name, placements, fleet, around),
  )
}

function memberStatus(
  name: string,
  placements: readonly Placement[],
  { members }: Pick<Fleet, 'members'>,
  { nowMs, isUp, routed }: Surroundings,
): MemberStatus {
  const member = members.get(name)
  const placement = placements.find(({ spec }) => spec.name === name)
  const { tier, address, after } = placement?.spec ?? member!.record.spec
  if (member === undefined)
    return { name, tier, state: 'stopped', pid: null, address, restarts: 0, detail: '' }
  const missing = after.filter((needed) => members.get(needed)?.state.phase !== 'ready')
  const { state, detail } = describeMember(member.state, nowMs, {
    detail: member.detail,
    failure: member.failure?.reason,
    missing: isUp ? missing : [],
  })
  const said = [
    detail,
    isUp ? describeRoute(member.state.relief !== undefined, placement, routed.get(name)) : '',
  ]
  return {
    name,
    tier,
    state,
    pid: member.pid ?? null,
    address,
    restarts: member.record.restarts,
    detail: said.filter((part) => part !== '').join(', '),
  }
}

/** Nothing for a member that no router has told of. */
function describeRoute(
  isRelieved: boolean,
  placement: Placement | undefined,
  now: RoutedNow | undefined,
): string {
  if (isRelieved) {
    const requests = now === undefined || now.active === 0 ? '' : `, ${now.active} requests left`
    return `${placement?.isDrained === true ? 'drained' : 'drains'}${requests}`
  }
  return now?.carriedOut === 'ready' ? 'in service' : ''
}
