import { describe, expect, test } from 'vitest'
import { describeError, isPlatformError, PlatformError, redactUrl } from './errors.ts'

describe('an operating error', () => {
  test('carries its code, a message with the values, a fix and its cause', () => {
    const cause = new Error('no route')

    const error = new PlatformError('BASE_DEADLINE', { what: 'The probe', waitedMs: 250 }, { cause })

    expect(error.code).toBe('BASE_DEADLINE')
    expect(error.message).toBe('The probe did not finish within 250 ms.')
    expect(error.fix).toMatch(/log/)
    expect(error.cause).toBe(cause)
  })

  test('is permanent only where its entry says so', () => {
    expect(new PlatformError('BASE_DEADLINE', { what: 'x', waitedMs: 1 }).permanent).toBe(false)
    expect(new PlatformError('BASE_SOCKET_DIRECTORY', { path: '/x' }).permanent).toBe(true)
  })

  test('is recognised by its code, also when its class was loaded twice', () => {
    const foreign = Object.assign(new Error('x'), { name: 'PlatformError', code: 'BASE_DEADLINE' })

    expect(isPlatformError(foreign, 'BASE_DEADLINE')).toBe(true)
    expect(isPlatformError(foreign, 'BASE_OVERLOADED')).toBe(false)
    expect(isPlatformError(foreign)).toBe(true)
    expect(isPlatformError(new Error('BASE_DEADLINE'))).toBe(false)
    expect(isPlatformError('BASE_DEADLINE')).toBe(false)
  })
})

describe('describeError', () => {
  test('gives the code and the message on one line', () => {
    const error = Object.assign(new Error('connect\n  refused'), { code: 'ECONNREFUSED' })

    expect(describeError(error)).toBe('ECONNREFUSED: connect refused')
    expect(describeError('plain')).toBe('plain')
  })

  test('names the code once', () => {
    const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' })

    expect(describeError(error)).toBe('EACCES: permission denied')
  })
})

describe('redactUrl', () => {
  test('hides the password and secret query values and keeps the rest', () => {
    const url = 'postgres://app:hunter2@127.0.0.1:5432/shop?sslmode=require&token=abc'

    expect(redactUrl(url)).toBe('postgres://app:***@127.0.0.1:5432/shop?sslmode=require&token=***')
  })

  test('shows nothing of what is not a URL', () => {
    expect(redactUrl('hunter2')).toBe('(not a URL)')
  })
})
