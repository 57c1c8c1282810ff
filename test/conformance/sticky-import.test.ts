// What brings sessions of another store over: `importOnce` in a request, `handOver` outside of one.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runForRequest } from '../../src/base/context.ts'
import { PlatformError } from '../../src/base/errors.ts'
import { secretToken } from '../../src/base/random.ts'
import type { OpenDatabase } from '../../src/database/index.ts'
import {
  openSessions,
  sessionsConfig,
  type OpenedSessions,
  type SessionData,
  type SessionStart,
} from '../../src/sessions/index.ts'
import type { SessionStore } from '../../src/sessions/driver.ts'
import { postgres } from '../../src/sessions/drivers/postgres.ts'
import { fakeClock, type FakeClock } from '../../src/testing/clock.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

const KEY = { id: '1', secret: secretToken() }
const ADA = { userId: 'ada', data: { cart: ['tea'] } }

let server: TestPostgres
let database: OpenDatabase
let clock: FakeClock
let sessions: OpenedSessions
let other: OpenedSessions
beforeAll(async () => {
  server = await startTestPostgres()
  database = server.open()
})
afterAll(() => server.stop())
beforeEach(async () => {
  clock = fakeClock()
  sessions = await open()
  other = await open()
  return () => Promise.all([sessions.close(), other.close()])
})

function open(store?: SessionStore): Promise<OpenedSessions> {
  const options = { keys: [KEY], settings: sessionsConfig.parse({}), clock }
  return openSessions(store === undefined ? { ...options, database } : { ...options, store })
}

/** Runs `work` as a request that brings `cookie`; gives what it gave, and the session cookie that the browser has then. */
async function visit<T>(
  work: () => Promise<T>,
  cookie?: string,
  headersSent = false,
): Promise<{ value: T; cookie: string | undefined }> {
  let kept = cookie
  const value = await runForRequest(
    {
      requestId: 'test',
      method: 'GET',
      url: '/',
      secure: true,
      address: undefined,
      header: (name) => (name === 'cookie' ? cookie : undefined),
      appendHeader(name, header) {
        if (headersSent) throw new PlatformError('WEB_HEADERS_SENT', { name })
        kept = header.includes('Max-Age=0;') ? undefined : header.split(';')[0]
      },
      onDisconnect: () => () => {},
      onDrain: () => () => {},
      kept: new Map(),
    },
    work,
  )
  return { value, cookie: kept }
}

type Old = SessionStart<SessionData>
const holds = (old: Old | undefined) => (): Old | undefined => old
const neverAsked = (): never => {
  throw new Error('the old session was read')
}

describe('importOnce', () => {
  test('makes the visitor’s old session his session, on every server', async () => {
    const old = secretToken()

    const { value, cookie } = await visit(() => sessions.importOnce(old, holds(ADA)))

    expect(value).toMatchObject(ADA)
    expect((await visit(() => other.current(), cookie)).value).toEqual(value)
  })

  test('is `current` for a visitor who has a session, and reads no old one', async () => {
    const { cookie } = await visit(() => sessions.start({ userId: 'bob' }))

    const { value } = await visit(() => sessions.importOnce(secretToken(), neverAsked), cookie)

    expect(value).toMatchObject({ userId: 'bob' })
  })

  test('is `current` for a visitor without an old cookie', async () => {
    const { value, cookie } = await visit(() => sessions.importOnce(undefined, neverAsked))

    expect([value, cookie]).toEqual([undefined, undefined])
  })

  test('imports nothing when the old session is not there', async () => {
    const { value, cookie } = await visit(() => sessions.importOnce(secretToken(), holds(undefined)))

    expect([value, cookie]).toEqual([undefined, undefined])
  })

  test('requests at once, on any servers, import one session between them', async () => {
    const old = secretToken()
    const before = await rowCount()

    const visits = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        visit(() => (index % 2 === 0 ? sessions : other).importOnce(old, holds(ADA))),
      ),
    )

    expect(new Set(visits.map(({ cookie }) => cookie)).size).toBe(1)
    expect(visits.every(({ value }) => value?.userId === 'ada')).toBe(true)
    // The session and its mark.
    expect((await rowCount()) - before).toBe(2)
  })

  test('a later request with only the old cookie gets the same session, with what was changed in it', async () => {
    const old = secretToken()
    const { cookie } = await visit(() => sessions.importOnce(old, holds(ADA)))
    await visit(() => sessions.update({ cart: [] }), cookie)

    const again = await visit(() => other.importOnce(old, neverAsked))

    expect(again.value).toMatchObject({ userId: 'ada', data: { cart: [] } })
    expect(again.cookie).toBe(cookie)
  })

  test.each([
    ['logged out', (cookie: string) => visit(() => sessions.destroy(), cookie)],
    ['logged out everywhere', () => sessions.destroyAll('ada')],
    ['logged in again, and out', renewedAndEnded],
    ['not come for longer than a session lasts', () => clock.advance(15 * 86_400_000)],
  ])('an old cookie leads to nothing for a visitor who has %s', async (_what, end) => {
    const old = secretToken()
    const { cookie } = await visit(() => sessions.importOnce(old, holds(ADA)))
    await end(cookie!)

    const after = await visit(() => other.importOnce(old, holds(ADA)))

    expect([after.value, after.cookie]).toEqual([undefined, undefined])
  })

  test('a session whose cookie could not be sent any more is found by the next request', async () => {
    const old = secretToken()
    await expect(visit(() => sessions.importOnce(old, holds(ADA)), undefined, true)).rejects.toMatchObject({
      code: 'WEB_HEADERS_SENT',
    })

    const { value, cookie } = await visit(() => sessions.importOnce(old, neverAsked))

    expect(value).toMatchObject(ADA)
    expect(cookie).toBeDefined()
  })

  test('an import that failed half-way is completed by the next, so a logout after it is for good', async () => {
    const old = secretToken()
    const store = await postgres(database)
    let creations = 0
    const failing: SessionStore = {
      ...store,
      async create(...session) {
        if (++creations === 2) throw new Error('the database went away')
        return store.create(...session)
      },
    }
    await using first = await open(failing)
    await expect(visit(() => first.importOnce(old, holds(ADA)))).rejects.toThrow('the database went away')
    const { value, cookie } = await visit(() => sessions.importOnce(old, neverAsked))
    await visit(() => sessions.destroy(), cookie)

    const after = await visit(() => other.importOnce(old, holds(ADA)))

    expect(value).toMatchObject(ADA)
    expect(after.value).toBeUndefined()
  })

  test('a server that slept in the middle of an import brings nobody back who has logged out meanwhile', async () => {
    const old = secretToken()
    const store = await postgres(database)
    const [asleep, woken] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const sleeping: SessionStore = {
      ...store,
      async create(...session) {
        asleep.resolve()
        await woken.promise
        return store.create(...session)
      },
    }
    await using slow = await open(sleeping)
    const slept = visit(() => slow.importOnce(old, holds(ADA)))
    await asleep.promise
    await clock.advance(1)
    const { cookie } = await visit(() => sessions.importOnce(old, holds(ADA)))
    await clock.advance(1)
    await visit(() => sessions.destroy(), cookie)

    woken.resolve()

    expect((await slept).value).toBeUndefined()
    expect((await visit(() => other.importOnce(old, holds(ADA)))).value).toBeUndefined()
  })

  test('refuses what a session cannot hold, and can be called again with less', async () => {
    const old = secretToken()
    const huge = { userId: 'ada', data: { cart: ['x'.repeat(20_000)] } }
    await expect(visit(() => sessions.importOnce(old, holds(huge)))).rejects.toMatchObject({
      code: 'SESSIONS_TOO_LARGE',
    })
    await expect(visit(() => sessions.importOnce('', holds(ADA)))).rejects.toMatchObject({
      code: 'SESSIONS_DATA_INVALID',
    })

    expect((await visit(() => sessions.importOnce(old, holds(ADA)))).value).toMatchObject(ADA)
  })

  test('the store knows neither the old identifier nor the new one', async () => {
    const old = secretToken()
    await visit(() => sessions.importOnce(old, holds(ADA)))

    const rows = await database.sql<{ row: string }>`select session::text as row from pando.session session`

    expect(
      rows.filter(({ row }) => row.includes(old) || row.includes(Buffer.from(old).toString('hex'))),
    ).toEqual([])
  })
})

describe('handOver', () => {
  test('lets a visitor find the session on any server when the one that held it is gone', async () => {
    const old = secretToken()

    expect(await sessions.handOver(old, ADA)).toBe(true)

    const { value } = await visit(() => other.importOnce(old, neverAsked))
    expect(value).toMatchObject(ADA)
  })

  test('changes nothing about a session that was imported or handed over, or ended since', async () => {
    const old = secretToken()
    const { cookie } = await visit(() => sessions.importOnce(old, holds(ADA)))

    expect(await sessions.handOver(old, { userId: 'somebody else' })).toBe(false)
    expect((await visit(() => sessions.current(), cookie)).value).toMatchObject(ADA)

    await visit(() => sessions.destroy(), cookie)
    expect(await sessions.handOver(old, ADA)).toBe(false)
  })

  test('is refused after close', async () => {
    await sessions.close()

    await expect(sessions.handOver(secretToken(), ADA)).rejects.toMatchObject({ code: 'SESSIONS_CLOSED' })
  })
})

async function renewedAndEnded(cookie: string): Promise<void> {
  const renewed = await visit(() => sessions.start({ userId: 'ada' }), cookie)
  await visit(() => sessions.destroy(), renewed.cookie)
}

async function rowCount(): Promise<number> {
  const rows = await database.sql<{ n: number }>`select count(*)::integer as n from pando.session`
  return rows[0]!.n
}
