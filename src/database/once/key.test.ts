import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OnceOptions } from '../database.ts'
import { onceKeyOf, type OnceKey } from './key.ts'

interface Sent {
  readonly requestId?: string
  readonly method?: string
  readonly url?: string
  readonly headers?: Readonly<Record<string, string>>
}

const keyOf = (sent: Sent | undefined, options: OnceOptions = {}): OnceKey =>
  onceKeyOf(
    sent &&
      ({
        requestId: sent.requestId ?? 'id-1',
        method: sent.method ?? 'POST',
        url: sent.url ?? '/orders',
        headers: { ...sent.headers },
        // A method that needs its object, as the web tier's does.
        header(name) {
          return (this as Sent).headers?.[name]
        },
      } as Parameters<typeof onceKeyOf>[0]),
    options,
  )
const digest = (sent: Sent | undefined, options?: OnceOptions): string =>
  keyOf(sent, options).digest.toString('hex')
const withKey = (key: string, more: Readonly<Record<string, string>> = {}): Sent => ({
  headers: { 'idempotency-key': key, ...more },
})

describe('a request without an Idempotency-Key', () => {
  test('is repeated by the same id with the same content, and by nothing else', () => {
    const first = digest({ requestId: 'a' }, { content: { n: 1 } })

    expect(digest({ requestId: 'a' }, { content: { n: 1 } })).toBe(first)
    expect(digest({ requestId: 'b' }, { content: { n: 1 } })).not.toBe(first)
    expect(digest({ requestId: 'a' }, { content: { n: 2 } })).not.toBe(first)
    expect(digest({ requestId: 'a', url: '/orders?x' }, { content: { n: 1 } })).not.toBe(first)
  })
})

describe('an Idempotency-Key', () => {
  test('goes before the id of the request', () => {
    expect(digest({ ...withKey('k'), requestId: 'a' })).toBe(digest({ ...withKey('k'), requestId: 'b' }))
  })

  test('is the same in quotes and without', () => {
    expect(digest(withKey('"k-1"'))).toBe(digest(withKey('k-1')))
    expect(digest(withKey('"a b"'))).not.toBe(digest(withKey('"ab"')))
    expect(digest(withKey(String.raw`"a\"b\\"`))).not.toBe(digest(withKey(String.raw`"a\\b\""`)))
  })

  test.each([
    '',
    '""',
    '"open',
    'a b',
    'a, b',
    'a;b',
    'ä',
    '"ä"',
    String.raw`"\a"`,
    'a"b',
    'k'.repeat(256),
    `"${'k'.repeat(256)}"`,
  ])('of the form %j is refused', (key) => {
    expect(() => keyOf(withKey(key))).toThrow(expect.objectContaining({ code: 'DATABASE_ONCE_KEY_INVALID' }))
  })

  test('means something else to every visitor, method and path', () => {
    const all = [
      withKey('k'),
      withKey('k', { authorization: 'Token a' }),
      withKey('k', { authorization: 'Token b' }),
      withKey('k', { cookie: 'Token a' }),
      { ...withKey('k'), method: 'PUT' },
      { ...withKey('k'), url: '/orders/1' },
    ].map((sent) => digest(sent))

    expect(new Set(all).size).toBe(all.length)
  })

  test('means the same in one scope, whatever the credentials', () => {
    const scope = 'user 7'

    expect(digest(withKey('k', { cookie: 'new' }), { scope })).toBe(
      digest(withKey('k', { cookie: 'old' }), { scope }),
    )
    expect(digest(withKey('k'), { scope })).not.toBe(digest(withKey('k'), { scope: 'user 8' }))
  })

  test('is the same key with other content, told by the fingerprint', () => {
    const one = keyOf(withKey('k'), { content: { n: 1 } })
    const other = keyOf(withKey('k'), { content: { n: 2 } })
    const longer = keyOf(withKey('k', { 'content-length': '9' }), { content: { n: 1 } })

    expect(other.digest).toEqual(one.digest)
    expect(longer.digest).toEqual(one.digest)
    expect(new Set([one, other, longer].map(({ fingerprint }) => fingerprint.toString('hex'))).size).toBe(3)
  })
})

describe('a form with files', () => {
  const form = (boundary: string, length: string): Sent =>
    withKey('k', { 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': length })
  const fingerprint = (sent: Sent, options?: OnceOptions): string =>
    keyOf(sent, options).fingerprint.toString('hex')

  test('is the same when the client sends it with another boundary', () => {
    expect(fingerprint(form('a1', '300'))).toBe(fingerprint(form('"b2"', '300')))
    expect(fingerprint(form('a1', '300'))).not.toBe(fingerprint(form('a1', '301')))
  })

  test('is known by its content, whatever the length of the boundary', () => {
    const content = { title: 'a' }

    expect(fingerprint(form('a1', '300'), { content })).toBe(fingerprint(form('b23', '304'), { content }))
    expect(fingerprint(form('a1', '300'), { content })).not.toBe(
      fingerprint(form('a1', '300'), { content: { title: 'b' } }),
    )
  })
})

describe('a key of the application', () => {
  test('is good without a request, and the same within one when it has a scope', () => {
    expect(digest(undefined, { key: '17', scope: 'orders' })).toBe(
      digest({ url: '/a' }, { key: '17', scope: 'orders' }),
    )
    expect(digest(undefined, { key: '17' })).not.toBe(digest(undefined, { key: '17', scope: 'orders' }))
  })

  test('belongs to the visitor and the route when it has no scope', () => {
    const key = '17'

    expect(digest({ url: '/a' }, { key })).not.toBe(digest({ url: '/b' }, { key }))
    expect(digest({ headers: { cookie: 'a' } }, { key })).not.toBe(
      digest({ headers: { cookie: 'b' } }, { key }),
    )
  })

  test.each(['', 'a b', 'ä', 'k'.repeat(256)])('of the form %j is refused', (key) => {
    expect(() => keyOf(undefined, { key })).toThrow(
      expect.objectContaining({ code: 'DATABASE_ONCE_KEY_INVALID' }),
    )
  })
})

test('without a request and without a key there is none', () => {
  expect(() => keyOf(undefined)).toThrow(expect.objectContaining({ code: 'DATABASE_ONCE_KEY_MISSING' }))
})

test('two calls have one digest only when all that counts is the same', () => {
  const text = fc.constantFrom('', 'a', 'b', '","', 'a","b')
  const call = fc.record({ authorization: text, cookie: text, path: text, requestId: text, key: text })
  fc.assert(
    fc.property(call, call, (left, right) => {
      const [one, other] = [left, right].map(({ key, path, requestId, ...headers }) =>
        digest(
          {
            requestId,
            url: `/${path}`,
            headers: key === 'a' ? { ...headers, 'idempotency-key': key } : headers,
          },
          { content: [] },
        ),
      )
      const counts = ({ requestId, key, ...rest }: typeof left): string =>
        JSON.stringify({ ...rest, key: key === 'a' ? 'key a' : `id ${requestId}` })

      expect(one === other).toBe(counts(left) === counts(right))
    }),
    { numRuns: 2_000 },
  )
})
