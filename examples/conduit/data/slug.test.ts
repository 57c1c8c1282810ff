import { describe, expect, test } from 'vitest'
import { slugFor } from './slug.ts'

describe('a slug', () => {
  test.each([
    ['How to train your dragon', /^how-to-train-your-dragon-[0-9a-f]{12}$/],
    ['  Crème brûlée!  ', /^creme-brulee-[0-9a-f]{12}$/],
    ['<script>', /^script-[0-9a-f]{12}$/],
    ['../../feed', /^feed-[0-9a-f]{12}$/],
    ['日本語', /^[0-9a-f]{12}$/],
    ['word '.repeat(50), /^[a-z-]{1,80}-[0-9a-f]{12}$/],
  ])('of %j is readable and safe in a path', (title, expected) => {
    expect(slugFor(title)).toMatch(expected)
  })

  test('of the same title differs each time', () => {
    expect(slugFor('Same')).not.toBe(slugFor('Same'))
  })
})
