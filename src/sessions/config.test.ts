import { expect, test } from 'vitest'
import { sessionsConfig } from './config.ts'

test('sessions last 14 days without use and 90 in all, in a Lax cookie called session', () => {
  expect(sessionsConfig.parse({})).toMatchObject({
    cookieName: 'session',
    secure: 'auto',
    sameSite: 'lax',
    idleMs: 14 * 86_400_000,
    absoluteMs: 90 * 86_400_000,
    dataMaxBytes: 16_384,
  })
})

test.each([
  { cookieName: 'a b' },
  { cookieName: '__Host-session' },
  { cookieName: 'a=b' },
  { cookieName: '' },
  { idleMs: 0 },
  { sameSite: 'none' },
  { sameSite: 'none', secure: 'auto' },
  { unknown: 1 },
])('%j is refused', (given) => {
  expect(sessionsConfig.safeParse(given).success).toBe(false)
})

test('sameSite none goes with secure always', () => {
  expect(sessionsConfig.parse({ sameSite: 'none', secure: 'always' }).sameSite).toBe('none')
})
