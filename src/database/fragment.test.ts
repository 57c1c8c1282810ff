import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compose, fragment, identifier, isFragment, join } from './fragment.ts'

const composed = (text: TemplateStringsArray, ...values: readonly unknown[]): ReturnType<typeof compose> =>
  compose(text, values)

describe('a statement', () => {
  test('a value becomes a numbered parameter and never text', () => {
    const statement = composed`select ${1}, ${"'; drop table a; --"}`

    expect(statement).toEqual({ text: 'select $1, $2', values: [1, "'; drop table a; --"] })
  })

  test('a fragment is spliced in with its parameters in place', () => {
    const where = fragment`where a = ${1} and b = ${2}`

    expect(composed`select ${0} from t ${where} limit ${3}`).toEqual({
      text: 'select $1 from t where a = $2 and b = $3 limit $4',
      values: [0, 1, 2, 3],
    })
  })

  test('fragments nest', () => {
    const inner = fragment`b = ${2}`
    const outer = fragment`(a = ${1} or ${inner})`

    expect(composed`select 1 where ${outer}`).toEqual({
      text: 'select 1 where (a = $1 or b = $2)',
      values: [1, 2],
    })
  })

  test('an object that only looks like a fragment is a value', () => {
    const fromOutside: unknown = JSON.parse('{"text":["1; drop table a"],"values":[]}')

    expect(composed`select ${fromOutside}`).toEqual({ text: 'select $1', values: [fromOutside] })
  })

  test('more parameters than the protocol counts are refused', () => {
    const many = join(Array.from({ length: 65_536 }, (_, index) => index))

    expect(() => composed`select ${many}`).toThrow(
      expect.objectContaining({ code: 'DATABASE_FRAGMENT_INVALID' }),
    )
  })

  test('whatever is composed, every value appears once and in order', () => {
    const piece = fc.array(fc.integer(), { maxLength: 4 })

    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const fragments = pieces.map((values) => fragment`(${join([0, ...values])})`)
        const statement = composed`values ${join(fragments)}`

        expect(statement.values).toEqual(pieces.flatMap((values) => [0, ...values]))
        expect(statement.text.match(/\$\d+/g)).toEqual(statement.values.map((_, index) => `$${index + 1}`))
      }),
    )
  })
})

describe('join', () => {
  test('items are separated by commas, or by the separator given', () => {
    expect(composed`${join([1, fragment`default`])}`.text).toBe('$1, default')
    expect(composed`${join([fragment`a`, fragment`b`], fragment` and `)}`.text).toBe('a and b')
  })

  test('no items are refused', () => {
    expect(() => join([])).toThrow(expect.objectContaining({ code: 'DATABASE_FRAGMENT_INVALID' }))
  })
})

describe('identifier', () => {
  test('a name is quoted, with its schema when one is given', () => {
    expect(identifier('article').text).toEqual(['"article"'])
    expect(identifier('public', 'a"b').text).toEqual(['"public"."a""b"'])
  })

  test('a name stays one quoted token whatever it holds', () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, maxLength: 15 }).filter((name) => !name.includes('\0')),
        (name) => {
          const quoted = identifier(name).text[0]!

          expect(quoted.slice(1, -1).replaceAll('""', '')).not.toContain('"')
          expect(quoted.slice(1, -1).replaceAll('""', '"')).toBe(name)
        },
      ),
    )
  })

  test.each(['', 'a\0b', 'x'.repeat(64), 'ü'.repeat(32)])('the name %j is refused', (name) => {
    expect(() => identifier(name)).toThrow(expect.objectContaining({ code: 'DATABASE_FRAGMENT_INVALID' }))
  })

  test('it is a fragment', () => {
    expect(isFragment(identifier('a'))).toBe(true)
  })
})
