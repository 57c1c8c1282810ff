import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { distance, nearest } from './nearest.ts'

describe('the distance of two names', () => {
  test.each([
    ['port', 'port', 0],
    ['port', 'ports', 1],
    ['port', 'prot', 1],
    ['port', 'pirt', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ])('from %s to %s is %i', (a, b, expected) => {
    expect(distance(a, b)).toBe(expected)
  })

  test('is the same both ways and at most the longer length', () => {
    const name = fc.string({ maxLength: 12 })
    fc.assert(
      fc.property(name, name, (a, b) => {
        expect(distance(a, b)).toBe(distance(b, a))
        expect(distance(a, b)).toBeLessThanOrEqual(Math.max(a.length, b.length))
      }),
    )
  })
})

describe('the nearest name', () => {
  const NAMES = ['web', 'database', 'sessions', 'files']

  test('is found in spite of a slip of the fingers and of capitals', () => {
    expect(nearest('wbe', NAMES)).toBe('web')
    expect(nearest('DataBse', NAMES)).toBe('database')
    expect(nearest('fils', NAMES)).toBe('files')
  })

  test('is absent where every name is another word, and for endless input', () => {
    expect(nearest('queue', NAMES)).toBeUndefined()
    expect(nearest('', NAMES)).toBeUndefined()
    expect(nearest('web'.repeat(1_000), NAMES)).toBeUndefined()
  })
})
