import fc from 'fast-check'
import { seededRandom } from 'pando/load'
import { describe, expect, test } from 'vitest'
import { slugOf, tagOf, usernameOf } from '../seed/names.ts'
import { SIZES } from '../seed/sizes.ts'
import aBrowse from './a-browse.ts'
import aFeed from './a-feed.ts'
import bMixed from './b-mixed.ts'
import cBusy from './c-busy.ts'
import { createClaims, createDisturbances, createMade } from './made.ts'
import { createTargets } from './targets.ts'

describe('the Conduit mixes', () => {
  test.each([
    [aBrowse, 0.993],
    [aFeed, 0.993],
    [bMixed, 5],
    [cBusy, 15],
  ])('add up to 100 per cent with the documented share of writes: $name', (mix, writes) => {
    const shares = Object.entries(mix.calls)
    const sum = (of: typeof shares): number => of.reduce((total, [, { percent }]) => total + percent, 0)

    expect(sum(shares)).toBeCloseTo(100, 1)
    expect(sum(shares.filter(([name]) => !name.startsWith('GET')))).toBeCloseTo(writes, 2)
  })
})

describe('seeded names', () => {
  test('are unique in the largest size', () => {
    const distinct = (name: (number: number) => string, count: number): number =>
      new Set(Array.from({ length: count }, (_, number) => name(number))).size

    expect(distinct(usernameOf, SIZES.L.users)).toBe(SIZES.L.users)
    expect(distinct(tagOf, SIZES.L.tags)).toBe(SIZES.L.tags)
    expect(distinct(slugOf, SIZES.L.articles)).toBe(SIZES.L.articles)
  })

  test('can stand in a path as they are', () => {
    fc.assert(
      fc.property(fc.nat({ max: SIZES.L.tags - 1 }), (number) => {
        for (const name of [usernameOf(number), slugOf(number), tagOf(number)])
          expect(name).toMatch(/^[a-z0-9-]+$/)
      }),
    )
  })
})

describe('article reads', () => {
  test('go to what the run has just published more than to anything else', () => {
    const targets = createTargets(SIZES.M, 'default')
    const random = seededRandom('reads')
    targets.published('new-one')

    const read = Array.from({ length: 5_000 }, () => targets.readArticle(random))

    // Rank 0 of Zipf 0.9 over 40,000 has 5.2 % of the recent 70 %.
    expect(read.filter((slug) => slug === 'new-one').length / 5_000).toBeCloseTo(0.036, 2)
  })

  test('leave out what the run has deleted', () => {
    const targets = createTargets(SIZES.S, 'default')
    const random = seededRandom('reads')
    targets.published('gone')

    targets.deleted('gone')

    expect(Array.from({ length: 2_000 }, () => targets.readArticle(random))).not.toContain('gone')
  })
})

describe('things that the run made', () => {
  test('are taken once and stay within their bound', () => {
    const random = seededRandom('made')
    const made = createMade<number>(10)
    for (let thing = 0; thing < 100; thing++) made.put(thing, random)

    const taken = Array.from({ length: 10 }, () => made.take(random))

    expect(new Set(taken).size).toBe(10)
    expect(made.take(random)).toBeUndefined()
  })

  test('are claimed by one request at a time', () => {
    const claims = createClaims()

    expect([claims.claim('a'), claims.claim('a'), claims.claim('b')]).toEqual([true, false, true])
    claims.release('a')
    expect(claims.claim('a')).toBe(true)
  })
})

describe('the count of a favourite', () => {
  test('can be judged when nobody else wrote meanwhile', () => {
    const write = createDisturbances().write('slug')

    expect(write.disturbed()).toBe(false)
  })

  test('cannot be judged when another write was under way or came since', () => {
    const writes = createDisturbances()
    const first = writes.write('slug')
    const second = writes.write('slug')
    const elsewhere = writes.write('other')

    second.end()

    expect([first.disturbed(), second.disturbed(), elsewhere.disturbed()]).toEqual([true, true, false])
  })
})
