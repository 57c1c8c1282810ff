import { describe, expect, test } from 'vitest'
import { checkUserId, plainData } from './data.ts'

describe('the data of a session', () => {
  test('come back as JSON carries them', () => {
    const at = new Date(0)

    const data = plainData({ at, gone: undefined, list: [1, undefined], text: '\\u0000 is seven characters' })

    expect(data).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      list: [1, null],
      text: '\\u0000 is seven characters',
    })
    expect(Object.keys(data)).not.toContain('gone')
  })

  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  test.each([
    ['a zero character', { a: 'x\0y' }],
    ['a zero character deep inside', { a: [{ b: '\0' }] }],
    ['a zero character in a key', { 'a\0': 1 }],
    ['half a character', { a: '\ud83d' }],
    ['a bigint', { a: 1n }],
    ['a cycle', cycle],
  ])('cannot have %s', (_, data) => {
    expect(() => plainData(data)).toThrow(expect.objectContaining({ code: 'SESSIONS_DATA_INVALID' }))
  })

  test('are an object', () => {
    const list = [] as unknown as Record<string, unknown>

    expect(() => plainData(list)).toThrow('it is not an object')
  })
})

test.each(['', 'x'.repeat(256), 'a\0b', '\ud800', 7 as unknown as string])('%j is no userId', (userId) => {
  expect(() => checkUserId(userId)).toThrow(expect.objectContaining({ code: 'SESSIONS_DATA_INVALID' }))
})
