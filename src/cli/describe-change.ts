// What `pando apply` says of a change before it is made, and what was done after it. Pure.

import type { MemberChange, Obstacle } from '../topology/change.ts'
import type { Paint } from './terminal.ts'

const SIGN = { add: '+', remove: '-', replace: '~', reload: '~' } as const
const WORD = { add: 'is added', remove: 'is removed', replace: 'is replaced', reload: 'reloads' } as const
const MAX_REASONS = 4

/** A line for each kind of change and reason, members that share them together. */
export function describeMembers(members: readonly MemberChange[], paint: Paint): readonly string[] {
  const groups = new Map<string, MemberChange[]>()
  for (const each of members) {
    const key = JSON.stringify([each.change, each.reasons])
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  const colours = { add: paint.green, remove: paint.red, replace: paint.yellow, reload: paint.yellow }
  return [...groups.values()].map((group) => {
    const { change, reasons } = group[0]!
    const names = namesOf(group.map(({ member }) => member))
    const verb =
      group.length === 1 ? WORD[change] : WORD[change].replace(/^is /, 'are ').replace(/reloads/, 'reload')
    const why = reasons.length === 0 ? '' : `: ${reasonsOf(reasons)}`
    return `${colours[change](SIGN[change])} ${names} ${verb}${why}`
  })
}

/** `web-1, web-2, web-3` or, from five on, `web-1 … web-5`. */
function namesOf(names: readonly string[]): string {
  return names.length < 5 ? names.join(', ') : `${names[0]} … ${names.at(-1)} (${names.length})`
}

function reasonsOf(reasons: readonly string[]): string {
  const more = reasons.length - MAX_REASONS
  return `${reasons.slice(0, MAX_REASONS).join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}

/** What is done all the same. */
export function describeObstacle({ key, from, to, problem }: Obstacle, paint: Paint): string {
  return paint.yellow(`! ${key} ${from} → ${to}. ${problem}`)
}

const PAST = { add: 'added', remove: 'removed', replace: 'replaced', reload: 'reloaded' } as const

/** `3 web servers replaced, 2 balancers reloaded`. */
export function summaryOf(members: readonly MemberChange[]): string {
  const counts = new Map<string, number>()
  for (const { member, change } of members) {
    const tier = member.replace(/-\d+$/, '')
    const key = `${tier} ${change}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts]
    .map(([key, count]) => {
      const [tier, change] = key.split(' ') as [string, MemberChange['change']]
      return `${count} ${noun(tier, count)} ${PAST[change]}`
    })
    .join(', ')
}

function noun(tier: string, count: number): string {
  const one = { web: 'web server', balancer: 'balancer process' }[tier] ?? tier
  return count === 1 ? one : one.replace(/process$/, 'processe').concat('s')
}
