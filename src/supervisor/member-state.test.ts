import { describe, expect, test } from 'vitest'
import { absent, ended, GOOD_RUN_MS, probed, retryDelayMs, RETRY_REFUSED_MS, wishOf } from './member-state.ts'
import { describeMember } from './status.ts'

describe('member state', () => {
  test('the pause before a start is 0 at first, then 100 ms, doubling to 10 s', () => {
    expect([1, 2, 3, 4, 8, 9, 10, 1_000_000].map(retryDelayMs)).toEqual([
      0, 100, 200, 400, 6_400, 10_000, 10_000, 10_000,
    ])
  })

  test('a member that served for five seconds is started again at once when it ends', () => {
    const ready = { ...absent('web', 0), phase: 'ready' as const, crashes: 7 }

    expect(ended(ready, GOOD_RUN_MS, 'crashed')).toMatchObject({ crashes: 1, retryAtMs: GOOD_RUN_MS })
    expect(ended(ready, GOOD_RUN_MS - 1, 'crashed')).toMatchObject({ crashes: 8 })
  })

  test('a member that refuses is tried again after half a minute', () => {
    expect(ended(absent('web', 0), 0, 'refused')).toMatchObject({
      refused: true,
      retryAtMs: RETRY_REFUSED_MS,
    })
  })

  test('probes without an answer are counted until one is answered or excused', () => {
    const ready = { ...absent('web', 0), phase: 'ready' as const }

    const silent = probed(probed(ready, 1_000, 'none', false), 2_000, 'none', false)

    expect(silent.unanswered).toEqual({ probes: 2, sinceMs: 1_000 })
    expect(probed(silent, 3_000, 'serves', false).unanswered).toBeUndefined()
    expect(probed(silent, 3_000, 'none', true).unanswered).toBeUndefined()
  })

  test('a member that answers that it waits is not silent, and is shown as starting with what it says', () => {
    const ready = { ...absent('database', 0), phase: 'ready' as const, isServing: true }
    const says = { detail: 'the database system is in recovery mode', failure: undefined, missing: [] }

    const waiting = probed(probed(ready, 1_000, 'none', false), 2_000, 'waits', false)

    expect(waiting).toMatchObject({ phase: 'ready', unanswered: undefined })
    expect(describeMember(waiting, 3_000, says)).toEqual({ state: 'starting', detail: says.detail })
    expect(describeMember(probed(waiting, 3_000, 'serves', false), 4_000, says).state).toBe('running')
  })

  test('a member that starts is ready only when it serves', () => {
    const starting = { ...absent('database', 0), phase: 'starting' as const }

    expect(probed(starting, 1_000, 'waits', false)).toBe(starting)
    expect(probed(starting, 1_000, 'serves', false)).toMatchObject({ phase: 'ready', isServing: true })
  })
})

describe('what is wanted of an upstream', () => {
  const ready = { ...absent('web-1', 0), phase: 'ready' as const, isServing: true }

  test('it gets requests from its first answer on, and none without a process', () => {
    const starting = { ...ready, phase: 'starting' as const, isServing: false }

    expect(wishOf(absent('web-1', 0))).toBe('out')
    expect(wishOf(starting)).toBe('out')
    expect(wishOf(probed(starting, 0, 'serves', false))).toBe('ready')
    expect(wishOf(ended(ready, 0, 'crashed'))).toBe('out')
    expect(wishOf({ ...ready, phase: 'stopping' })).toBe('out')
  })

  test('one that says "not now" keeps them: its router sees for itself, and better an answer than none', () => {
    expect(wishOf(probed(ready, 0, 'waits', false))).toBe('ready')
  })

  test('an adopted one that has served keeps them until it is asked', () => {
    expect(wishOf({ ...ready, phase: 'starting' })).toBe('ready')
  })

  test('a relieved one gets no new visitors, then none at all', () => {
    expect(wishOf({ ...ready, relief: { kind: 'draining', sinceMs: 0 } })).toBe('drain')
    expect(wishOf({ ...ready, relief: { kind: 'out', sinceMs: 0 } })).toBe('out')
  })
})
