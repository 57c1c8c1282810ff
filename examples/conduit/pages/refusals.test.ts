import { Hono } from 'hono'
import { PlatformError, type Logger } from 'pando'
import { expect, test } from 'vitest'
import { recover } from './refusals.ts'
import type { PageEnv } from './visitor.ts'

interface Told {
  readonly status: number
  readonly retryAfter: string | null
  readonly page: string
  /** What the log was told. */
  readonly errors: readonly unknown[]
}

/** What a visitor is told, and the log, when the handler of a page fails with `error`. */
async function failingWith(error: Error, method = 'GET'): Promise<Told> {
  const errors: unknown[] = []
  const quiet = (): void => {}
  const log: Logger = {
    debug: quiet,
    info: quiet,
    warn: quiet,
    error: (fields) => void errors.push(fields['error']),
    child: () => log,
  }
  const app = new Hono<PageEnv>()
    .all('/', () => {
      throw error
    })
    .onError(recover({ log, sessions: { destroy: async () => {} } }))
  const response = await app.request('/', { method })
  return {
    status: response.status,
    retryAfter: response.headers.get('retry-after'),
    page: await response.text(),
    errors,
  }
}

test('a page that could not be made for want of a connection says to come back', async () => {
  const told = await failingWith(
    new PlatformError('DATABASE_POOL_EXHAUSTED', { limit: '10', waitedMs: 5000 }),
  )

  expect(told).toMatchObject({ status: 503, retryAfter: '1' })
  expect(told.page).toContain('The service is busy. Try again in a moment.')
  expect(told.errors).toHaveLength(1)
})

test('a form that may have been taken is not said to be worth repeating', async () => {
  const told = await failingWith(new PlatformError('DATABASE_COMMIT_UNKNOWN', { reason: 'reset' }), 'POST')

  expect(told).toMatchObject({ status: 503, retryAfter: null })
  expect(told.page).toContain('may or may not have taken effect')
})

test('a visitor who went away is no error for anybody to look at', async () => {
  const { errors } = await failingWith(new PlatformError('DATABASE_CANCELLED', { requestId: 'r' }))

  expect(errors).toEqual([])
})

test('an error that nobody expected is logged, and nothing of it is shown', async () => {
  const error = new Error('relation "secrets" does not exist')
  const told = await failingWith(error)

  expect(told.status).toBe(500)
  expect(told.page).not.toContain('secrets')
  expect(told.errors).toEqual([error])
})
