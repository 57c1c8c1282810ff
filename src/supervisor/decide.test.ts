import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decide,
  DRAIN_MS,
  HUNG_MS,
  HUNG_PROBES,
  judgeStart,
  TAKE_OUT_MS,
  type Action,
  type Circumstances,
  type WantedMember,
} from './decide.ts'
import type { UpstreamWish } from '../base/route.ts'
import { absent, ended, probed, START_ATTEMPTS, type MemberState, type Phase } from './member-state.ts'

const calm: Circumstances = {
  nowMs: 1_000_000,
  maxGraceMs: Number.POSITIVE_INFINITY,
  routed: new Map(),
  reloadable: new Set(),
}
const store: WantedMember = { name: 'store', specHash: 's1', after: [] }
const web: WantedMember = { name: 'web', specHash: 'w1', after: ['store'] }

function running(member: WantedMember, phase: Phase, change: Partial<MemberState> = {}): MemberState {
  return {
    ...absent(member.name, calm.nowMs),
    specHash: member.specHash,
    after: member.after,
    phase,
    startDeadlineMs: 60_000,
    graceMs: 10_000,
    isServing: phase === 'ready',
    ...change,
  }
}

describe('decide', () => {
  test('a member that nothing has to come before is started', () => {
    expect(decide([store, web], [], calm)).toEqual([{ kind: 'start', name: 'store' }])
  })

  test('a member is started when every member it needs is ready', () => {
    expect(decide([store, web], [running(store, 'starting')], calm)).toEqual([])
    expect(decide([store, web], [running(store, 'ready')], calm)).toEqual([{ kind: 'start', name: 'web' }])
  })

  test('a member that ended is not started before its pause is over', () => {
    const twice = ended(ended(running(store, 'ready'), calm.nowMs, 'crashed'), calm.nowMs, 'crashed')

    expect(decide([store], [twice], calm)).toEqual([])
    expect(decide([store], [twice], { ...calm, nowMs: calm.nowMs + 100 })).toEqual([
      { kind: 'start', name: 'store' },
    ])
  })

  test('wanting nothing stops the members that nothing needs first', () => {
    const states = [running(store, 'ready'), running(web, 'ready')]

    expect(decide([], states, calm)).toEqual([{ kind: 'stop', name: 'web' }])
    expect(decide([], [states[0]!], calm)).toEqual([{ kind: 'stop', name: 'store' }])
  })

  test('a member whose specification changed is stopped alone', () => {
    const states = [running(store, 'ready', { specHash: 'old' }), running(web, 'ready')]

    expect(decide([store, web], states, calm)).toEqual([{ kind: 'stop', name: 'store' }])
  })

  test('a member that does not stop within its grace is killed, and sooner when a person is in a hurry', () => {
    const stopping = running(web, 'stopping', { sinceMs: calm.nowMs - 2_000 })

    expect(decide([], [stopping], calm)).toEqual([])
    expect(decide([], [stopping], { ...calm, maxGraceMs: 1_000 })).toEqual([
      { kind: 'kill', name: 'web', why: 'stopping' },
    ])
  })

  test('a member that is not ready by its deadline is killed', () => {
    const late = running(store, 'starting', { sinceMs: calm.nowMs - 60_000 })

    expect(decide([store], [late], calm)).toEqual([{ kind: 'kill', name: 'store', why: 'late' }])
  })

  test('a member that does not serve at the moment is left alone, and nothing is started that needs it', () => {
    const waiting = running(store, 'ready', { isServing: false, sinceMs: 0 })

    expect(decide([store, web], [waiting], calm)).toEqual([])
  })

  test('a silent member is killed only after both enough probes and enough time', () => {
    const silent = (probes: number, forMs: number): readonly Action[] =>
      decide(
        [store],
        [running(store, 'ready', { unanswered: { probes, sinceMs: calm.nowMs - forMs } })],
        calm,
      )

    expect(silent(HUNG_PROBES - 1, HUNG_MS * 2)).toEqual([])
    expect(silent(HUNG_PROBES, HUNG_MS - 1)).toEqual([])
    expect(silent(HUNG_PROBES, HUNG_MS)).toEqual([{ kind: 'kill', name: 'store', why: 'hung' }])
  })
})

describe('decide, for a member that others pass requests to', () => {
  const front: WantedMember = { name: 'front', specHash: 'f1', after: [] }
  const fronted: WantedMember = { name: 'web', specHash: 'w1', after: [] }
  const web = (phase: Phase, change: Partial<MemberState> = {}): MemberState =>
    running(fronted, phase, { frontedBy: ['front'], ...change })
  const relief = (kind: 'draining' | 'out', forMs: number): Pick<MemberState, 'relief'> => ({
    relief: { kind, sinceMs: calm.nowMs - forMs },
  })
  const routed = (carriedOut: UpstreamWish, active: number): Circumstances => ({
    ...calm,
    routed: new Map([['web', { carriedOut, active }]]),
  })
  const leaving = (change: Partial<MemberState> = {}, circumstances = calm): readonly Action[] =>
    decide([front], [running(front, 'ready'), web('ready', change)], circumstances)

  test('before it stops it is drained, then taken out, then stopped', () => {
    expect(leaving()).toEqual([{ kind: 'drain', name: 'web' }])
    expect(leaving(relief('draining', 10), routed('drain', 0))).toEqual([{ kind: 'take out', name: 'web' }])
    expect(leaving(relief('out', 10), routed('out', 0))).toEqual([{ kind: 'stop', name: 'web' }])
  })

  test('it finishes what it has, for two seconds at most', () => {
    expect(leaving(relief('draining', DRAIN_MS - 1), routed('drain', 1))).toEqual([])
    expect(leaving(relief('draining', DRAIN_MS - 1), routed('ready', 0))).toEqual([])
    expect(leaving(relief('draining', DRAIN_MS), routed('drain', 1))).toEqual([
      { kind: 'take out', name: 'web' },
    ])
  })

  test('one in front that is dead does not keep it from stopping', () => {
    expect(leaving(relief('out', TAKE_OUT_MS - 1))).toEqual([])
    expect(leaving(relief('out', TAKE_OUT_MS))).toEqual([{ kind: 'stop', name: 'web' }])
  })

  test('without anybody running in front, and before it served, it is stopped at once', () => {
    expect(decide([front], [web('ready')], calm)).toContainEqual({ kind: 'stop', name: 'web' })
    expect(leaving({ phase: 'starting', isServing: false })).toEqual([{ kind: 'stop', name: 'web' }])
  })

  test('a changed one is drained too, and restored when the change is taken back', () => {
    const changed = { ...fronted, specHash: 'w2' }
    const draining = web('ready', relief('draining', 10))

    expect(decide([front, changed], [running(front, 'ready'), web('ready')], calm)).toEqual([
      { kind: 'drain', name: 'web' },
    ])
    expect(decide([front, fronted], [running(front, 'ready'), draining], calm)).toEqual([
      { kind: 'restore', name: 'web' },
    ])
  })

  test('one that a person drained is taken out and runs on', () => {
    const drained = { ...fronted, isDrained: true }
    const next = (change: Partial<MemberState>): readonly Action[] =>
      decide([front, drained], [running(front, 'ready'), web('ready', change)], routed('drain', 0))

    expect(next({})).toEqual([{ kind: 'drain', name: 'web' }])
    expect(next(relief('draining', 10))).toEqual([{ kind: 'take out', name: 'web' }])
    expect(next(relief('out', 60_000))).toEqual([])
  })

  test('when everything stops, those in front stop first and nobody is drained', () => {
    const webAlone = [running(front, 'stopping'), web('ready')]

    expect(decide([], [running(front, 'ready'), web('ready')], calm)).toEqual([
      { kind: 'stop', name: 'front' },
    ])
    expect(decide([], webAlone, calm)).toEqual([])
    expect(decide([], [web('ready')], calm)).toEqual([{ kind: 'stop', name: 'web' }])
  })
})

describe('decide, for a member that takes up its specification in place', () => {
  const front: WantedMember = { name: 'front', specHash: 'f2', after: [] }
  const next = (phase: Phase, reload?: MemberState['reload']): readonly Action[] =>
    decide([front], [running({ ...front, specHash: 'f1' }, phase, { reload })], {
      ...calm,
      reloadable: new Set(['front']),
    })

  test('it is reloaded once it is ready, and once', () => {
    expect(next('starting')).toEqual([])
    expect(next('ready')).toEqual([{ kind: 'reload', name: 'front' }])
    expect(next('ready', { specHash: 'f2', isFailed: false })).toEqual([])
  })

  test('one that refused stays as it is, until another specification is wanted', () => {
    expect(next('ready', { specHash: 'f2', isFailed: true })).toEqual([])
    expect(next('ready', { specHash: 'f3', isFailed: true })).toEqual([{ kind: 'reload', name: 'front' }])
  })
})

describe('judgeStart', () => {
  test('a start is done when every wanted member is ready in its present specification', () => {
    const old = running(web, 'ready', { specHash: 'old' })

    expect(judgeStart([store, web], [running(store, 'ready'), old])).toEqual({ kind: 'pending' })
    expect(judgeStart([store, web], [running(store, 'ready'), running(web, 'ready')])).toEqual({
      kind: 'ready',
    })
  })

  test('a start is given up when a member ended too often, was late, or refused', () => {
    const state = running(store, 'starting')
    const often = Array.from({ length: START_ATTEMPTS }).reduce<MemberState>(
      (last) => ended({ ...last, phase: 'starting' }, calm.nowMs, 'crashed'),
      state,
    )

    const failed = { kind: 'failed', name: 'store' }
    expect(judgeStart([store], [often])).toEqual(failed)
    expect(judgeStart([store], [ended(state, calm.nowMs, 'late')])).toEqual(failed)
    expect(judgeStart([store], [ended(state, calm.nowMs, 'refused')])).toEqual(failed)
    expect(judgeStart([store], [ended(state, calm.nowMs, 'crashed')])).toEqual({ kind: 'pending' })
  })
})

// A small world: members that need earlier ones, and an interpreter of actions in which processes come up, die and
// stop as the generated luck has it. No contract of ours is replaced: only the processes are imagined.
const plan = fc.array(fc.array(fc.nat(5), { maxLength: 3 }), { minLength: 1, maxLength: 6 }).map((needs) =>
  needs.map((indices, index): WantedMember => ({
    name: `m${index}`,
    specHash: 'h',
    after: [...new Set(indices)].filter((needed) => needed < index).map((needed) => `m${needed}`),
  })),
)
const phases = fc.array(fc.constantFrom<Phase>('idle', 'preparing', 'starting', 'ready', 'stopping'), {
  minLength: 6,
  maxLength: 6,
})

function worldOf(members: readonly WantedMember[], of: readonly Phase[], isOld: (index: number) => boolean) {
  return members.map((member, index) =>
    running(isOld(index) ? { ...member, specHash: 'old' } : member, of[index]!),
  )
}

function step(
  world: readonly MemberState[],
  actions: readonly Action[],
  nowMs: number,
  dies: (name: string) => boolean,
  members: readonly WantedMember[],
): readonly MemberState[] {
  const started = actions
    .filter(({ kind, name }) => kind === 'start' && !world.some((state) => state.name === name))
    .map(({ name }) => absent(name, nowMs))
  return [...world, ...started].flatMap((state): readonly MemberState[] => {
    const action = actions.find(({ name }) => name === state.name)
    const spec = members.find(({ name }) => name === state.name)!
    if (action?.kind === 'start')
      return [running(spec, 'preparing', { sinceMs: nowMs, crashes: state.crashes })]
    if (action?.kind === 'stop') return [{ ...state, phase: 'stopping', sinceMs: nowMs }]
    if (state.phase === 'stopping' || action?.kind === 'kill') return []
    if (state.phase === 'preparing') return [{ ...state, phase: 'starting', sinceMs: nowMs }]
    if (state.phase === 'idle') return [state]
    return [dies(state.name) ? ended(state, nowMs, 'crashed') : probed(state, nowMs, 'serves', false)]
  })
}

describe('decide, for any plan and any state', () => {
  test('no member is started before what it needs is ready, and no process is started twice', () => {
    fc.assert(
      fc.property(
        plan,
        phases,
        fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
        (members, of, old) => {
          const world = worldOf(members, of, (index) => old[index]!)
          const ready = new Set(world.filter(({ phase }) => phase === 'ready').map(({ name }) => name))
          const idle = new Set(world.filter(({ phase }) => phase === 'idle').map(({ name }) => name))

          const actions = decide(members, world, calm)

          for (const { name } of actions.filter(({ kind }) => kind === 'start')) {
            expect(idle.has(name)).toBe(true)
            expect(
              members.find((member) => member.name === name)!.after.every((needed) => ready.has(needed)),
            ).toBe(true)
          }
          expect(new Set(actions.map(({ name }) => name)).size).toBe(actions.length)
        },
      ),
    )
  })

  test('no member is stopped for good while one that needs it is left', () => {
    fc.assert(
      fc.property(plan, phases, (members, of) => {
        const world = worldOf(members, of, () => false)

        const stops = decide([], world, calm).filter(({ kind }) => kind === 'stop')

        for (const { name } of stops)
          expect(world.some(({ phase, after }) => phase !== 'idle' && after.includes(name))).toBe(false)
      }),
    )
  })

  test('whatever dies meanwhile, everything wanted is ready in the end, and nothing is left when nothing is wanted', () => {
    fc.assert(
      fc.property(plan, phases, fc.array(fc.nat(9), { maxLength: 40 }), (members, of, deaths) => {
        let world: readonly MemberState[] = worldOf(members, of, (index) => index % 2 === 0)
        let nowMs = calm.nowMs
        const round = (wanted: readonly WantedMember[], death: number | undefined): void => {
          nowMs += 11_000
          const actions = decide(wanted, world, { ...calm, nowMs })
          world = step(world, actions, nowMs, (name) => name === `m${death}`, members)
        }

        for (const death of deaths) round(members, death)
        for (let rest = 0; rest < 40; rest++) round(members, undefined)
        expect(judgeStart(members, world)).toEqual({ kind: 'ready' })

        for (let rest = 0; rest < 40; rest++) round([], undefined)
        expect(world.filter(({ phase }) => phase !== 'idle')).toEqual([])
      }),
    )
  })
})
