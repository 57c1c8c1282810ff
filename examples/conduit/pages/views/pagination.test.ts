import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pageNumber } from '../lists.ts'
import { pageNumbers, pagePath } from './pagination.ts'

describe('the numbers of a list', () => {
  test('are all there while they are few', () => {
    expect(pageNumbers(1, 1)).toEqual([1])
    expect(pageNumbers(2, 4)).toEqual([1, 2, 3, 4])
  })

  test('are both ends and the neighbours of the current one when they are many', () => {
    expect(pageNumbers(1, 90)).toEqual([1, 2, 3, 4, 5, 6, null, 90])
    expect(pageNumbers(50, 90)).toEqual([1, null, 48, 49, 50, 51, 52, null, 90])
    expect(pageNumbers(90, 90)).toEqual([1, null, 85, 86, 87, 88, 89, 90])
  })

  test('always hold the current one, ascend, and are nine at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 100_000 }), (a, b) => {
        const [page, pages] = [Math.min(a, b), Math.max(a, b)]
        const shown = pageNumbers(page, pages)
        const numbers = shown.filter((number) => number !== null)

        expect(numbers).toContain(page)
        expect(numbers).toEqual([...new Set(numbers)].toSorted((x, y) => x - y))
        expect(shown.length).toBeLessThanOrEqual(9)
      }),
    )
  })
})

describe('the address of a page', () => {
  test('of the first is the list itself', () => {
    expect(pagePath('/', 1)).toBe('/')
    expect(pagePath('/', 2)).toBe('/?page=2')
    expect(pagePath('/?feed=following', 3)).toBe('/?feed=following&page=3')
  })

  test('holds a whole number from 1 up, and anything else is none', () => {
    expect(pageNumber(undefined)).toBe(1)
    expect(pageNumber('12')).toBe(12)
    for (const text of ['', '0', '-1', '1.5', '1e3', '99999999', '2 ', 'NaN'])
      expect(pageNumber(text)).toBeUndefined()
  })
})
