import { describe, expect, test } from 'vitest'
import { statementNames } from './statement-names.ts'

const useTimes = (
  names: ReturnType<typeof statementNames>,
  text: string,
  times: number,
): string | undefined => Array.from({ length: times }, () => names.nameOf(text)).at(-1)

describe('names of prepared statements', () => {
  test('a text is named from its third use on, and keeps its name', () => {
    const names = statementNames()

    expect(useTimes(names, 'select 1', 2)).toBeUndefined()
    const name = names.nameOf('select 1')
    expect(name).toMatch(/^pando_[\w-]{22}$/)
    expect(names.nameOf('select 1')).toBe(name)
  })

  test('the same text has the same name in every process', () => {
    expect(useTimes(statementNames(), 'select 1', 3)).toBe(useTimes(statementNames(), 'select 1', 3))
  })

  test('no more texts are named than the limit', () => {
    const names = statementNames(2)

    const given = ['select 1', 'select 2', 'select 3'].map((text) => useTimes(names, text, 5))

    expect(given.map((name) => name !== undefined)).toEqual([true, true, false])
  })

  test('texts that never come back do not keep one that does from being named', () => {
    const names = statementNames()

    for (let index = 0; index < 5_000; index++) names.nameOf(`select ${index}`)

    expect(useTimes(names, 'select name from a', 3)).toBeDefined()
  })

  test('after renewal a text gets another name', () => {
    const names = statementNames()
    const before = useTimes(names, 'select 1', 3)

    names.renew()

    expect(useTimes(names, 'select 1', 3)).not.toBe(before)
  })
})
