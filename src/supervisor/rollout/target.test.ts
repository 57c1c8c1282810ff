import { describe, expect, test } from 'vitest'
import type { MemberSpec } from '../../base/member.ts'
import type { ChangeRequest } from '../change.ts'
import type { Goal, Plan } from '../records.ts'
import { planChange, presentGoal, type Abilities } from './target.ts'

function planOf(webs: number, version = 1): Plan {
  const member = (name: string, tier: string, more: Partial<MemberSpec> = {}): MemberSpec => {
    return { name, tier, engine: tier, after: [], address: '', settings: {}, ...more }
  }
  return {
    stage: 'test',
    appDir: '/',
    endpoints: { web: undefined },
    members: [
      member('store', 'store', { settings: { version: version > 2 ? version : 0 } }),
      member('front', 'front'),
      ...Array.from({ length: webs }, (_, index) =>
        member(`web-${index + 1}`, 'web', { frontedBy: ['front'], settings: { version } }),
      ),
    ],
    routes: [{ tier: 'web', router: 'test', through: ['front'] }],
    source: version,
    enginesModule: '',
  }
}

const abilities: Abilities = {
  resize: (plan, count) => planOf(count, plan.source as number),
  maxServers: () => 6,
  canReload: ({ spec }) => spec.tier === 'front',
}

const start = (webs: number): Goal => {
  const plan = planOf(webs)
  const placements = plan.members.map((spec) => ({ spec, renewal: 0, isDrained: false }))
  return presentGoal(plan, placements, abilities)
}
const after = (present: Goal, ...requests: readonly ChangeRequest[]): Goal =>
  requests.reduce((goal, request) => planChange(request, goal, abilities), present)
const webs = ({ placements }: Goal): string[] =>
  placements
    .filter(({ spec }) => spec.tier === 'web')
    .map(({ spec, isDrained }) => `${spec.name}${isDrained ? ' drained' : ''}`)
const drain = (member: string): ChangeRequest => ({ kind: 'drain', member })
const scale = (count: number): ChangeRequest => ({ kind: 'scale', tier: 'web', count })

describe('planChange', () => {
  test('another number is remembered, and a drained member does not count', () => {
    const goal = after(start(3), scale(2), drain('web-1'))

    expect(webs(goal)).toEqual(['web-1 drained', 'web-2', 'web-3'])
    expect(webs(after(goal, scale(3)))).toEqual(['web-1 drained', 'web-2', 'web-3', 'web-4'])
    expect(webs(after(goal, { kind: 'restore', member: 'web-1' }))).toEqual(['web-1', 'web-2'])
  })

  test('a drained member beyond the number goes, and its stand-in with it', () => {
    expect(webs(after(start(4), drain('web-4'), scale(1)))).toEqual(['web-1'])
  })

  test('another plan keeps what is drained and what was renewed', () => {
    const goal = after(start(2), { kind: 'restart', tier: 'web' }, drain('web-1'), {
      kind: 'apply',
      plan: planOf(2, 2),
    })

    expect(webs(goal)).toEqual(['web-1 drained', 'web-2', 'web-3'])
    expect(goal.placements.map(({ renewal }) => renewal)).toEqual([0, 0, 1, 1, 0])
  })

  test('the further member of a tier is as the others will be', () => {
    const [spare] = after(start(3), { kind: 'apply', plan: planOf(3, 2) }).spares

    expect(spare).toMatchObject({ spec: { name: 'web-4', settings: { version: 2 } } })
  })

  test('a restart renews every member of the tier, and its further one', () => {
    const goal = after(start(1), { kind: 'restart', tier: 'web' })

    expect(goal.placements.map(({ renewal }) => renewal)).toEqual([0, 0, 1])
    expect(goal.spares.map(({ renewal }) => renewal)).toEqual([1])
  })

  test('a place is kept for the member that stands in during a change', () => {
    expect(webs(after(start(3), scale(5)))).toHaveLength(5)
    expect(() => after(start(3), scale(6))).toThrow('at most 6 at once')
    expect(() => after(start(3), scale(5), drain('web-1'))).toThrow('beside 1 drained')
  })

  test('what nobody takes over for meanwhile is not changed', () => {
    const code = 'SUPERVISOR_CHANGE_NEEDS_RESTART'

    expect(() => after(start(3), { kind: 'restart', tier: 'store' })).toThrow(
      expect.objectContaining({ code }),
    )
    expect(() => after(start(3), { kind: 'apply', plan: planOf(3, 3) })).toThrow('store cannot be changed')
    expect(webs(after(start(3), { kind: 'restart', tier: 'front' }))).toHaveLength(3)
  })
})
