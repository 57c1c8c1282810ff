import { describe, expect, test } from 'vitest'
import { PlatformError } from '../base/errors.ts'
import { connectVerdict, endsSession, isLostConnection, mayRunAgain } from './failure.ts'

const serverError = (code: string, severity = 'ERROR'): Error =>
  Object.assign(new Error(`server says ${code}`), { code, severity })
const socketError = (code: string): Error => Object.assign(new Error(code), { code })

describe('a failed connection attempt', () => {
  test.each(['57P03', '57P01', '53300', '08006'])('is tried again after SQLSTATE %s', (code) => {
    expect(connectVerdict(serverError(code, 'FATAL'))).toBe('again')
  })

  test.each(['ECONNREFUSED', 'ENOENT', 'ECONNRESET'])('is tried again after %s', (code) => {
    expect(connectVerdict(socketError(code))).toBe('again')
  })

  test.each(['28P01', '3D000'])('is final after SQLSTATE %s, a wrong password or database', (code) => {
    expect(connectVerdict(serverError(code, 'FATAL'))).toBe('denied')
  })

  test('is final when the driver itself refuses', () => {
    expect(connectVerdict(new Error('SASL: client password must be a string'))).toBe('denied')
  })
})

describe('an error of a statement', () => {
  test('ERROR leaves the session alive, FATAL and a lost socket end it', () => {
    expect(endsSession(serverError('23505'))).toBe(false)
    expect(endsSession(serverError('57P01', 'FATAL'))).toBe(true)
    expect(endsSession(socketError('ECONNRESET'))).toBe(true)
  })

  test('the end of a connection is known from the texts of pg', () => {
    expect(isLostConnection(new Error('Connection terminated unexpectedly'))).toBe(true)
    expect(isLostConnection(new Error('Query values must be an array'))).toBe(false)
  })
})

describe('a failed transaction', () => {
  test.each(['40001', '40P01'])('runs again after SQLSTATE %s', (code) => {
    expect(mayRunAgain(serverError(code))).toBe(true)
  })

  test('runs again when a query builder wrapped the error', () => {
    const wrapped = new Error('Failed query', { cause: serverError('40001') })

    expect(mayRunAgain(wrapped)).toBe(true)
  })

  test('runs again when the connection was lost before COMMIT', () => {
    expect(mayRunAgain(new PlatformError('DATABASE_CONNECTION_LOST', { reason: 'gone' }))).toBe(true)
  })

  test('does not run again when the outcome of COMMIT is unknown, nor for an error of its own work', () => {
    const cause = new PlatformError('DATABASE_CONNECTION_LOST', { reason: 'gone' })

    expect(mayRunAgain(new PlatformError('DATABASE_COMMIT_UNKNOWN', { reason: 'gone' }))).toBe(false)
    expect(mayRunAgain(new PlatformError('DATABASE_COMMIT_UNKNOWN', { reason: 'gone' }, { cause }))).toBe(
      false,
    )
    expect(mayRunAgain(serverError('23505'))).toBe(false)
    expect(mayRunAgain(new Error('out of stock'))).toBe(false)
  })

  test('a chain of causes that leads back to itself ends', () => {
    const error = new Error('a')
    error.cause = error

    expect(mayRunAgain(error)).toBe(false)
  })
})
