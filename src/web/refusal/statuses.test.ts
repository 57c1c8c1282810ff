import { describe, expect, test } from 'vitest'
import { CATALOGUE, type ErrorCode, PlatformError } from '../../base/errors.ts'
import { CODES_OUTSIDE, refusal, refusalOf, STATUSES, TIERS_OUTSIDE } from './statuses.ts'

const codes = Object.keys(CATALOGUE) as ErrorCode[]
const isOutside = (code: ErrorCode): boolean =>
  CODES_OUTSIDE.includes(code) || TIERS_OUTSIDE.includes(code.split('_')[0]!)

describe('the table of statuses', () => {
  test('has every code of the catalogue, or a list says that no request can meet it', () => {
    expect(codes.filter((code) => STATUSES[code] === undefined && !isOutside(code))).toEqual([])
  })

  test('has no code that no request can meet, and the lists name none that does not exist', () => {
    expect(codes.filter((code) => STATUSES[code] !== undefined && isOutside(code))).toEqual([])
    expect(CODES_OUTSIDE.filter((code) => !codes.includes(code))).toEqual([])
  })

  test('says in its own words what is not the web tier’s own error', () => {
    const silent = Object.entries(STATUSES).filter(
      ([code, { status, message }]) => !code.startsWith('WEB_') && status !== 500 && message === undefined,
    )

    expect(silent).toEqual([])
  })

  test('invites to try again only with 503', () => {
    const inviting = Object.values(STATUSES).filter((answer) => answer.retryAfterSeconds !== undefined)

    expect(inviting.map(({ status }) => status)).toEqual(inviting.map(() => 503))
  })
})

describe('an error of a tier', () => {
  const lost = new PlatformError('DATABASE_CONNECTION_LOST', { reason: 'inside' })

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', undefined])(
    'that lost its connection may have taken effect, and does not invite %s to try again',
    (method) => {
      expect(refusalOf(lost, method)).not.toHaveProperty('retryAfterSeconds')
      expect(refusalOf(lost, method).status).toBe(503)
    },
  )

  test.each(['GET', 'HEAD'])('that lost its connection invites %s to try again', (method) => {
    expect(refusalOf(lost, method)).toMatchObject({ status: 503, retryAfterSeconds: 5 })
  })

  test('whose commit is unknown invites nobody to try again', () => {
    const unknown = new PlatformError('DATABASE_COMMIT_UNKNOWN', { reason: 'inside' })

    expect(refusalOf(unknown, 'GET')).not.toHaveProperty('retryAfterSeconds')
  })

  test('is found below the error of a library that wraps it', () => {
    const cause = new PlatformError('DATABASE_POOL_EXHAUSTED', { limit: 'inside', waitedMs: 1 })
    const wrapped = new Error('Failed query', { cause: new Error('inside', { cause }) })

    expect(refusalOf(wrapped)).toMatchObject({ status: 503, code: 'DATABASE_POOL_EXHAUSTED' })
  })

  test('is not looked for without an end', () => {
    const circle = new Error('inside')
    circle.cause = circle

    expect(refusalOf(circle).status).toBe(500)
  })

  test('never has text of the inside', () => {
    const errors = [
      new Error('inside'),
      'inside',
      undefined,
      lost,
      new PlatformError('FILES_NAME_INVALID', { name: 'inside', problem: 'inside' }),
      new PlatformError('WEB_PORT_IN_USE', { host: 'inside', port: 1 }),
      new PlatformError('WEB_REQUEST_MALFORMED', { reason: 'inside' }),
    ]

    expect(JSON.stringify(errors.map((error) => refusalOf(error)))).not.toContain('inside')
    expect(refusalOf(errors[0])).toEqual(refusal('WEB_HANDLER_FAILED', {}))
  })
})

describe('an error that carries a status of its own', () => {
  const carrying = (carried: object): Error => Object.assign(new Error('Unexpected token'), carried)

  test.each([
    ['status', { status: 400, statusCode: 400, expose: true }],
    ['statusCode', { statusCode: 400, code: 'FST_ERR_CTP_INVALID_JSON_BODY' }],
  ])('from 400 to 499 as `%s` keeps it, and its message', (_name, carried) => {
    expect(refusalOf(carrying(carried))).toEqual({
      status: 400,
      code: 'WEB_HANDLER_REFUSED',
      message: 'Unexpected token',
    })
  })

  test('shows the sentence of the catalogue where its message is not for the client, or is none', () => {
    const { message } = refusal('WEB_HANDLER_REFUSED', {})

    expect(refusalOf(carrying({ status: 403, expose: false }))).toMatchObject({ status: 403, message })
    expect(refusalOf(carrying({ status: 403, expose: true, message: '' }))).toMatchObject({
      status: 403,
      message,
    })
  })

  test('shows no more than 500 characters of its message', () => {
    expect(refusalOf(carrying({ status: 400, expose: true, message: 'x'.repeat(501) })).message).toHaveLength(
      500,
    )
  })

  test.each([399, 500, 503, 400.5, Number.NaN, '404', null])('that is %s failed', (status) => {
    expect(refusalOf(carrying({ status, expose: true }))).toEqual(refusal('WEB_HANDLER_FAILED', {}))
  })

  test('failed where the status says so and another name of it does not', () => {
    expect(refusalOf(carrying({ status: 500, statusCode: 400, expose: true })).status).toBe(500)
  })

  test('from another server, as those of HTTP clients, failed: it was not about the visitor', () => {
    expect(refusalOf(carrying({ status: 401, code: 'ERR_BAD_REQUEST' })).status).toBe(500)
  })

  test('decides for itself, whatever it was caused by', () => {
    const cause = new PlatformError('DATABASE_POOL_EXHAUSTED', { limit: 'inside', waitedMs: 1 })

    expect(refusalOf(carrying({ status: 409, expose: true, cause })).status).toBe(409)
  })

  test('decides nothing for the error that wraps it: what was refused was not the request', () => {
    const wrapped = new Error('inside', { cause: carrying({ status: 404, expose: true }) })

    expect(refusalOf(wrapped)).toEqual(refusal('WEB_HANDLER_FAILED', {}))
  })

  test('is an error: a response that is thrown is none', () => {
    expect(refusalOf(new Response('inside', { status: 404 })).status).toBe(500)
  })
})
