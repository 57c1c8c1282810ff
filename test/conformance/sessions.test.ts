import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { runForRequest, type RequestContext } from '../../src/base/context.ts'
import { PlatformError } from '../../src/base/errors.ts'
import { secretToken } from '../../src/base/random.ts'
import type { OpenDatabase } from '../../src/database/index.ts'
import {
  openSessions,
  sessionsConfig,
  type OpenedSessions,
  type SessionsSettingsInput,
} from '../../src/sessions/index.ts'
import { fakeClock, type FakeClock } from '../../src/testing/clock.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const KEY = { id: '1', secret: secretToken() }

let postgres: TestPostgres
let database: OpenDatabase
let clock: FakeClock
let sessions: OpenedSessions
beforeAll(async () => {
  postgres = await startTestPostgres()
  database = postgres.open()
})
afterAll(() => postgres.stop())
beforeEach(async () => {
  clock = fakeClock()
  sessions = await open()
  return () => sessions.close()
})

function open(settings: SessionsSettingsInput = {}, keys = [KEY]): Promise<OpenedSessions> {
  return openSessions({ database, keys, settings: sessionsConfig.parse(settings), clock })
}

/** A visitor's browser: keeps cookies and sends them back, as RFC 6265bis says. */
class Browser {
  readonly cookies = new Map<string, string>()
  /** Set-Cookie headers of the last visit. */
  received: string[] = []

  /** Runs `work` as a request of this browser. */
  async visit<T>(work: () => Promise<T>, { secure = true, headersSent = false } = {}): Promise<T> {
    const sent = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const received: string[] = []
    const context: RequestContext = {
      requestId: 'test',
      method: 'GET',
      url: '/',
      secure,
      address: undefined,
      header: (name) => (name === 'cookie' && sent !== '' ? sent : undefined),
      appendHeader(name, value) {
        if (headersSent) throw new PlatformError('WEB_HEADERS_SENT', { name })
        received.push(value)
      },
      onDisconnect: () => () => {},
      onDrain: () => () => {},
      kept: new Map(),
    }
    try {
      return await runForRequest(context, work)
    } finally {
      this.received = received
      for (const header of received) this.#keep(header)
    }
  }

  #keep(header: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(header) as unknown as [string, string, string]
    if (header.includes('Max-Age=0;')) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }

  /** Another browser that has come by the same cookies. */
  copy(): Browser {
    const other = new Browser()
    for (const [name, value] of this.cookies) other.cookies.set(name, value)
    return other
  }
}

async function loggedIn(userId = 'user', through = sessions): Promise<Browser> {
  const browser = new Browser()
  await browser.visit(() => through.start({ userId }))
  return browser
}

const rowCount = async (): Promise<number> =>
  (await database.sql<{ n: number }>`select count(*)::integer as n from pando.session`)[0]!.n

/** How many statements on the sessions `work` sends. */
async function statementsOf(work: () => Promise<unknown>): Promise<number> {
  const before = await calls()
  await work()
  return (await calls()) - before
}
let calls: () => Promise<number>
beforeAll(() => {
  let sent = 0
  const { sql } = database
  const counting: OpenDatabase['sql'] = (text, ...values) => {
    sent++
    return sql(text, ...values)
  }
  database = { ...database, sql: counting }
  calls = async () => sent
})

describe('a session', () => {
  test('begins with start and is the current one in later requests', async () => {
    const browser = new Browser()

    const started = await browser.visit(() => sessions.start({ userId: 'u1', data: { theme: 'dark' } }))

    const current = await browser.visit(() => sessions.current())
    expect(current).toEqual(started)
    expect(current).toEqual({
      userId: 'u1',
      data: { theme: 'dark' },
      createdAt: new Date(clock.now()),
      expiresAt: new Date(clock.now() + 14 * DAY_MS),
    })
  })

  test('is the current one in the very request that begins it', async () => {
    const current = await new Browser().visit(async () => {
      await sessions.start({ userId: 'u1' })
      return sessions.current()
    })

    expect(current).toMatchObject({ userId: 'u1', data: {} })
  })

  test('is none for a visitor without a cookie, who costs no look in the store', async () => {
    const browser = new Browser()

    const statements = await statementsOf(() => browser.visit(() => sessions.current()))

    expect(statements).toBe(0)
    expect(browser.received).toEqual([])
  })

  test('is read once in a request, however often and by however many it is asked for', async () => {
    const browser = await loggedIn()

    const statements = await statementsOf(() =>
      browser.visit(async () => {
        await Promise.all([sessions.current(), sessions.current(), sessions.current()])
        await sessions.current()
      }),
    )

    expect(statements).toBe(1)
  })

  test('cannot be read or changed by code that runs for no request', async () => {
    const calls = [sessions.current(), sessions.start(), sessions.update({}), sessions.destroy()]

    const refused = { code: 'SESSIONS_NO_REQUEST' }
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(refused)))
  })

  test('is refused after close', async () => {
    const browser = await loggedIn()
    await sessions.close()
    await sessions.close()

    await expect(browser.visit(() => sessions.current())).rejects.toMatchObject({ code: 'SESSIONS_CLOSED' })
    await expect(sessions.destroyAll('user')).rejects.toMatchObject({ code: 'SESSIONS_CLOSED' })
    expect(clock.pending).toBe(0)
  })

  test('is shared by all servers, and those that end take none with them', async () => {
    const other = await open()
    const browser = await loggedIn('u1', other)
    await other.close()

    expect(await browser.visit(() => sessions.current())).toMatchObject({ userId: 'u1' })
  })

  test('survives kill -9 of the database', async () => {
    const browser = await loggedIn('u1')

    await postgres.kill()
    await postgres.restart()

    expect(await browser.visit(() => sessions.current())).toMatchObject({ userId: 'u1' })
  })
})

describe('the cookie', () => {
  test('holds a signed random identifier that the store does not have', async () => {
    const browser = await loggedIn()
    const value = browser.cookies.get('__Host-session')!

    const rows =
      await database.sql`select session::text as row, encode(key, 'hex') as key from pando.session session`

    expect(value).toMatch(/^[\w-]{43}\.1\.[\w-]{43}$/)
    const raw = Buffer.from(value.slice(0, 43), 'base64url').toString('hex')
    expect(JSON.stringify(rows)).not.toContain(raw)
    expect(JSON.stringify(rows)).not.toContain(value.slice(0, 43))
  })

  test('is HttpOnly, SameSite=Lax, and lasts as long as the session can', async () => {
    const browser = await loggedIn()

    expect(browser.received).toHaveLength(1)
    expect(browser.received[0]).toMatch(
      /^__Host-session=[^;]+; Path=\/; Max-Age=7776000; HttpOnly; Secure; SameSite=Lax$/,
    )
  })

  test('of a plain connection has another name and is not accepted on an encrypted one', async () => {
    const browser = new Browser()
    await browser.visit(() => sessions.start(), { secure: false })
    const value = browser.cookies.get('session')

    expect(await browser.visit(() => sessions.current(), { secure: false })).toBeDefined()
    expect(await browser.visit(() => sessions.current(), { secure: true })).toBeUndefined()
    expect(value).toBeDefined()
  })

  test.each([
    ['forged', (value: string) => `${'A'.repeat(43)}${value.slice(43)}`],
    ['truncated', (value: string) => value.slice(0, -1)],
    ['oversized', (value: string) => value + 'A'.repeat(5_000)],
    ['of an unknown key', (value: string) => value.replace('.1.', '.2.')],
    ['empty', () => ''],
    ['binary', () => '\0\u{1f600}%00'],
  ])('that is %s is no session, no error, and no look in the store', async (_, change) => {
    const browser = await loggedIn()
    browser.cookies.set('__Host-session', change(browser.cookies.get('__Host-session')!))

    const statements = await statementsOf(async () => {
      expect(await browser.visit(() => sessions.current())).toBeUndefined()
      await browser.visit(() => sessions.destroy())
    })

    expect(statements).toBe(0)
    await expect(browser.visit(() => sessions.update({ a: 1 }))).resolves.toMatchObject({ userId: null })
  })

  test('counts beside worthless ones of the same name, and not beside another good one', async () => {
    const [mine, theirs] = [await loggedIn('me'), await loggedIn('attacker')]
    const value = mine.cookies.get('__Host-session')!
    const beside = async (other: string): Promise<unknown> => {
      const browser = new Browser()
      browser.cookies.set('__Host-session', `${other}; __Host-session=${value}`)
      return browser.visit(() => sessions.current())
    }

    expect(await beside('garbage')).toMatchObject({ userId: 'me' })
    expect(await beside(theirs.cookies.get('__Host-session')!)).toBeUndefined()
  })

  test('signed with an older key is accepted, and sent again signed with the new one', async () => {
    const newer = { id: '2', secret: secretToken() }
    const browser = await loggedIn('u1')
    const rotated = await open({}, [newer, KEY])

    const seen = await browser.visit(() => rotated.current())
    const afterwards = await open({}, [newer])

    expect(seen).toMatchObject({ userId: 'u1' })
    expect(browser.cookies.get('__Host-session')).toContain('.2.')
    expect(await browser.visit(() => afterwards.current())).toMatchObject({ userId: 'u1' })
    expect(browser.received).toEqual([])
    await Promise.all([rotated.close(), afterwards.close()])
  })

  test('signed with an older key is accepted when the headers are sent already', async () => {
    const browser = await loggedIn('u1')
    const rotated = await open({}, [{ id: '2', secret: secretToken() }, KEY])

    const seen = await browser.visit(() => rotated.current(), { headersSent: true })

    expect(seen).toMatchObject({ userId: 'u1' })
    await rotated.close()
  })

  test('that can no longer be sent leaves no session behind', async () => {
    const before = await rowCount()

    const late = new Browser().visit(() => sessions.start({ userId: 'u' }), { headersSent: true })

    await expect(late).rejects.toMatchObject({ code: 'WEB_HEADERS_SENT' })
    expect(await rowCount()).toBe(before)
  })
})

describe('a login', () => {
  test('takes a new identifier and ends the one before, so that a fixed one is worth nothing', async () => {
    const victim = new Browser()
    await victim.visit(() => sessions.update({ cart: [1] }))
    const attacker = victim.copy()

    await victim.visit(() => sessions.start({ userId: 'victim' }))

    expect(victim.cookies.get('__Host-session')).not.toBe(attacker.cookies.get('__Host-session'))
    expect(await attacker.visit(() => sessions.current())).toBeUndefined()
    expect(await victim.visit(() => sessions.current())).toMatchObject({ userId: 'victim', data: {} })
  })

  test('that fails for its data leaves the session before as it was', async () => {
    const browser = await loggedIn('u1')

    const tooLarge = browser.visit(() => sessions.start({ userId: 'u2', data: { text: 'x'.repeat(20_000) } }))

    await expect(tooLarge).rejects.toMatchObject({
      code: 'SESSIONS_TOO_LARGE',
      details: { maxBytes: 16_384 },
    })
    expect(await browser.visit(() => sessions.current())).toMatchObject({ userId: 'u1' })
  })

  test('a logout ends the session in the store and clears the cookie, and a second one does nothing', async () => {
    const browser = await loggedIn()
    const thief = browser.copy()

    await browser.visit(() => sessions.destroy())
    const { received } = browser
    await browser.visit(() => sessions.destroy())

    expect(received).toEqual(['__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax'])
    expect(browser.received).toEqual([])
    expect(await thief.visit(() => sessions.current())).toBeUndefined()
  })

  test('a logout everywhere ends every session of the user, with or without a request, and of nobody else', async () => {
    const user = secretToken()
    const [phone, desktop, other] = [await loggedIn(user), await loggedIn(user), await loggedIn('other')]

    const seenBefore = await phone.visit(async () => {
      const before = await sessions.current()
      expect(await sessions.destroyAll(user)).toBe(2)
      expect(await sessions.current()).toBeUndefined()
      return before
    })

    expect(seenBefore).toMatchObject({ userId: user })
    expect(await desktop.visit(() => sessions.current())).toBeUndefined()
    expect(await other.visit(() => sessions.current())).toMatchObject({ userId: 'other' })
    expect(await sessions.destroyAll(user)).toBe(0)
  })
})

describe('an update', () => {
  test('merges, and undefined removes a key', async () => {
    const browser = await loggedIn('u1')
    await browser.visit(() => sessions.update({ a: 1, b: 2 }))

    const updated = await browser.visit(() => sessions.update({ b: undefined, c: { d: 3 } }))

    expect(updated).toMatchObject({ userId: 'u1', data: { a: 1, c: { d: 3 } } })
    expect((await browser.visit(() => sessions.current()))!.data).toEqual({ a: 1, c: { d: 3 } })
  })

  test('of another key in a parallel request loses nothing', async () => {
    const browser = await loggedIn()
    const set = (key: string): Promise<unknown> => browser.copy().visit(() => sessions.update({ [key]: key }))

    await Promise.all([set('a'), set('b'), set('c'), set('d')])

    expect((await browser.visit(() => sessions.current()))!.data).toEqual({ a: 'a', b: 'b', c: 'c', d: 'd' })
  })

  test('without a session begins one, and several in one request begin one together', async () => {
    const browser = new Browser()

    await browser.visit(() => Promise.all([sessions.update({ a: 1 }), sessions.update({ b: 2 })]))

    expect(browser.received).toHaveLength(1)
    expect(await browser.visit(() => sessions.current())).toMatchObject({
      userId: null,
      data: { a: 1, b: 2 },
    })
  })

  test('never brings a session back that was ended meanwhile', async () => {
    const browser = await loggedIn('u1')

    const updated = await browser.visit(async () => {
      await sessions.current()
      await sessions.destroyAll('u1')
      return sessions.update({ a: 1 })
    })

    expect(updated).toMatchObject({ userId: null, data: { a: 1 } })
  })

  test('that would make the data too large, or that JSON cannot carry, changes nothing', async () => {
    const browser = await loggedIn()
    await browser.visit(() => sessions.update({ a: 1 }))

    const tooLarge = browser.visit(() => sessions.update({ b: 'x'.repeat(17_000) }))
    await expect(tooLarge).rejects.toMatchObject({ code: 'SESSIONS_TOO_LARGE' })
    const impossible = browser.visit(() => sessions.update({ b: 'zero \0' }))
    await expect(impossible).rejects.toMatchObject({ code: 'SESSIONS_DATA_INVALID' })

    expect((await browser.visit(() => sessions.current()))!.data).toEqual({ a: 1 })
  })
})

describe('the end of a session', () => {
  test('comes when it is not used for idleMs', async () => {
    const browser = await loggedIn()

    await clock.advance(14 * DAY_MS - 1)
    const lastMoment = await browser.copy().visit(() => sessions.current())
    const unused = await loggedIn()
    await clock.advance(14 * DAY_MS)

    expect(lastMoment).toBeDefined()
    expect(await unused.visit(() => sessions.current())).toBeUndefined()
  })

  test('is put off by use, and comes after absoluteMs all the same', async () => {
    const browser = await loggedIn()

    for (let day = 7; day < 90; day += 7) {
      await clock.advance(7 * DAY_MS)
      expect(await browser.visit(() => sessions.current()), `day ${day}`).toBeDefined()
    }
    await clock.advance(6 * DAY_MS)

    expect(await browser.visit(() => sessions.current())).toBeUndefined()
  })

  test('is moved once a tenth of idleMs has passed, so that most requests write nothing', async () => {
    const browser = await loggedIn()
    const visit = (): Promise<unknown> => browser.visit(() => sessions.current())

    await clock.advance(1.4 * DAY_MS - 1)
    const early = await statementsOf(visit)
    await clock.advance(1)
    const late = await statementsOf(visit)
    const again = await statementsOf(visit)

    expect([early, late, again]).toEqual([1, 2, 1])
  })

  test('is followed by the removal of its row, every pruneEveryMs', async () => {
    await sessions.close()
    await database.sql`delete from pando.session`
    sessions = await open({ idleMs: HOUR_MS, pruneEveryMs: 2 * HOUR_MS })
    await loggedIn()
    await clock.advance(90 * MINUTE_MS)
    const alive = await loggedIn()

    await clock.advance(30 * MINUTE_MS)

    await expect.poll(rowCount).toBe(1)
    expect(await alive.visit(() => sessions.current())).toBeDefined()
  })
})
