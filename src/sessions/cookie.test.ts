import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clearCookie, cookieKind, cookieValues, setCookie } from './cookie.ts'

const SETTINGS = { cookieName: 'session', secure: 'auto', sameSite: 'lax' } as const

describe('the kind of cookie', () => {
  test.each([
    { secure: 'auto', over: 'https', name: '__Host-session' },
    { secure: 'auto', over: 'http', name: 'session' },
    { secure: 'always', over: 'http', name: '__Host-session' },
    { secure: 'never', over: 'https', name: 'session' },
  ] as const)('is $name with secure $secure over $over', ({ secure, over, name }) => {
    const kind = cookieKind({ ...SETTINGS, secure }, over === 'https')

    expect(kind).toEqual({ name, isSecure: name.startsWith('__Host-'), sameSite: 'lax' })
  })
})

describe('a Set-Cookie header', () => {
  test('is closed to script, to other sites and to plain connections', () => {
    expect(setCookie(cookieKind(SETTINGS, true), 'value', 90_001)).toBe(
      '__Host-session=value; Path=/; Max-Age=91; HttpOnly; Secure; SameSite=Lax',
    )
  })

  test('has no Secure on a plain connection, where a browser would refuse it', () => {
    expect(setCookie(cookieKind({ ...SETTINGS, sameSite: 'strict' }, false), 'value', 1_000)).toBe(
      'session=value; Path=/; Max-Age=1; HttpOnly; SameSite=Strict',
    )
  })

  test('that clears has the same attributes and ends at once', () => {
    expect(clearCookie(cookieKind(SETTINGS, true))).toBe(
      '__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax',
    )
  })
})

describe('the values of a Cookie header', () => {
  test.each([
    ['session=a', ['a']],
    ['x=1; session=a; y=2', ['a']],
    ['x=1;session=a', ['a']],
    [' session = a ', ['a']],
    ['session="a"', ['a']],
    ['session=a=b', ['a=b']],
    ['session=', ['']],
    ['session=a; session=b', ['a', 'b']],
    ['session=a; session=a', ['a']],
    ['Session=a; xsession=b; session2=c; session', []],
    ['', []],
    [undefined, []],
  ])('%s', (header, values) => {
    expect(cookieValues(header, 'session')).toEqual(values)
  })

  test('are none when there are more than eight different ones', () => {
    const header = Array.from({ length: 9 }, (_, index) => `session=${index}`).join('; ')

    expect(cookieValues(header, 'session')).toEqual([])
  })

  test('are found in any text whatsoever without an error', () => {
    const piece = fc.oneof(
      fc.constantFrom('session', '=', ';', '"', ' ', ',', 'a'),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(fc.property(fc.array(piece), (pieces) => cookieValues(pieces.join(''), 'session').length <= 8))
  })
})
