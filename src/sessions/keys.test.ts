import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { secretToken } from '../base/random.ts'
import { createSigner } from './keys.ts'

const OLD = { id: '1', secret: 'o'.repeat(43) }
const NEW = { id: '2', secret: 'n'.repeat(43) }
const ID = secretToken()

describe('a signed identifier', () => {
  test('is verified by the key that signed it', () => {
    const signer = createSigner([NEW])

    expect(signer.verify(signer.sign(ID))).toEqual({ id: ID, isCurrent: true })
  })

  test('is verified after a newer key has been put in front, and said to be of an older one', () => {
    const value = createSigner([OLD]).sign(ID)

    expect(createSigner([NEW, OLD]).verify(value)).toEqual({ id: ID, isCurrent: false })
  })

  test('is worth nothing once its key is taken away, or under a secret of another installation', () => {
    const value = createSigner([OLD]).sign(ID)

    expect(createSigner([NEW]).verify(value)).toBeUndefined()
    expect(createSigner([{ ...OLD, secret: 'x'.repeat(43) }]).verify(value)).toBeUndefined()
  })

  test('has one spelling: whatever character is changed, removed or added, it is worth nothing', () => {
    const signer = createSigner([NEW, OLD])
    const value = signer.sign(ID)
    const position = fc.nat(value.length - 1)
    const changed = fc.oneof(
      fc
        .tuple(position, fc.string({ minLength: 0, maxLength: 2 }))
        .map(([at, put]) => value.slice(0, at) + put + value.slice(at + 1)),
      fc
        .tuple(position, fc.string({ minLength: 1, maxLength: 3 }))
        .map(([at, put]) => value.slice(0, at) + put + value.slice(at)),
      position.map((length) => value.slice(0, length)),
      fc.string({ unit: 'binary' }),
    )

    fc.assert(
      fc.property(changed, (text) => text === value || signer.verify(text) === undefined),
      { numRuns: 2_000 },
    )
  })

  test('cannot be carried over to another key of the same installation', () => {
    const signer = createSigner([NEW, OLD])
    const [id, , mac] = signer.sign(ID).split('.')

    expect(signer.verify(`${id}.${OLD.id}.${mac}`)).toBeUndefined()
  })

  test('that is far too long is refused at once', () => {
    expect(createSigner([NEW]).verify('a'.repeat(10_000_000))).toBeUndefined()
  })
})

describe('keys', () => {
  test.each([
    { keys: [], problem: 'there are none' },
    { keys: [{ id: 'a.b', secret: OLD.secret }], problem: '"a.b" is no id' },
    { keys: [{ id: '', secret: OLD.secret }], problem: '"" is no id' },
    { keys: [{ id: 'a', secret: 'x'.repeat(31) }], problem: 'fewer than 32' },
    { keys: [OLD, { ...NEW, id: OLD.id }], problem: 'the same id' },
    { keys: Array.from({ length: 17 }, (_, id) => ({ ...OLD, id: String(id) })), problem: 'more than 16' },
  ])('are refused when $problem', ({ keys, problem }) => {
    expect(() => createSigner(keys)).toThrow(
      expect.objectContaining({ code: 'SESSIONS_KEYS_INVALID', message: expect.stringContaining(problem) }),
    )
  })
})
