// What every session store must do, as tests. A store passes when this suite passes against the real thing. Time is
// given to the store with every call, so no test waits.

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { secretToken } from '../base/random.ts'
import type { SessionKey, SessionStore, StoredSession } from '../sessions/driver.ts'

export interface SessionStoreHarness {
  readonly name: string
  /** Opens the store; all stores opened in one run share their sessions if `capabilities.shared` says so. */
  open(): Promise<SessionStore>
}

const NOW_MS = Date.UTC(2026, 0, 1)
const MINUTE_MS = 60_000
const NO_REPLACEMENT = { replaces: undefined, maxBytes: 16_384 }

export function testSessionStore(harness: SessionStoreHarness): void {
  const open = (): Promise<SessionStore> => harness.open()

  describe(`session store ${harness.name}`, () => {
    testReading(open)
    testChanging(open)
    testDeleting(open)
    testExpiring(open)
    testSharing(open)
  })
}

type Open = () => Promise<SessionStore>

function testReading(open: Open): void {
  test('a session is read back as it was created', async () => {
    await using store = await open()
    const key = newKey()
    const data = {
      text: 'ä 😀 "\\u0000" \\',
      list: [1, 2.5, -0.1, null, true],
      nested: { a: { b: [] } },
      '': '',
    }
    const session = newSession({ userId: 'user-1', data, createdAtMs: NOW_MS - 123 })

    expect(await store.create(key, session, NO_REPLACEMENT)).toBe('created')

    expect(await store.read(key, NOW_MS)).toEqual(session)
  })

  test('a session of nobody has the userId null', async () => {
    await using store = await open()
    const key = newKey()

    await store.create(key, newSession({ userId: null }), NO_REPLACEMENT)

    expect((await store.read(key, NOW_MS))!.userId).toBeNull()
  })

  test('a key that was never stored is absent for every call', async () => {
    await using store = await open()
    const key = newKey()

    expect(await store.read(key, NOW_MS)).toBeUndefined()
    expect(await store.change(key, changeOf({ set: { a: 1 } }))).toBe('absent')
    expect(await store.touch(key, NOW_MS, MINUTE_MS)).toBeUndefined()
    expect(await store.delete(key)).toBe(false)
    expect(await store.deleteByUser(secretToken(), NOW_MS)).toBe(0)
  })

  test('a key that exists is never given to another session', async () => {
    await using store = await open()
    const key = newKey()
    await store.create(key, newSession({ userId: 'first' }), NO_REPLACEMENT)

    await expect(store.create(key, newSession({ userId: 'second' }), NO_REPLACEMENT)).rejects.toThrow()

    expect((await store.read(key, NOW_MS))!.userId).toBe('first')
  })

  test('creating removes the session that is replaced, and one that is gone already is no hindrance', async () => {
    await using store = await open()
    const [old, next, last] = [newKey(), newKey(), newKey()]
    await store.create(old, newSession({}), NO_REPLACEMENT)

    await store.create(next, newSession({}), { ...NO_REPLACEMENT, replaces: old })
    await store.create(last, newSession({}), { ...NO_REPLACEMENT, replaces: old })

    expect(await store.read(old, NOW_MS)).toBeUndefined()
    expect(await store.read(next, NOW_MS)).toBeDefined()
    expect(await store.read(last, NOW_MS)).toBeDefined()
  })

  test('data that are too large create nothing and replace nothing', async () => {
    await using store = await open()
    const [old, next] = [newKey(), newKey()]
    await store.create(old, newSession({}), NO_REPLACEMENT)
    const large = newSession({ data: { text: 'ä'.repeat(600) } })

    const outcome = await store.create(next, large, { replaces: old, maxBytes: 1_000 })

    expect(outcome).toBe('too-large')
    expect(await store.read(next, NOW_MS)).toBeUndefined()
    expect(await store.read(old, NOW_MS)).toBeDefined()
  })
}

function testChanging(open: Open): void {
  test('a change sets and removes single keys and leaves the others', async () => {
    await using store = await open()
    const key = newKey()
    await store.create(key, newSession({ data: { a: 1, b: { deep: [1] }, c: 'c' } }), NO_REPLACEMENT)

    const changed = await store.change(
      key,
      changeOf({ set: { b: { other: 2 }, d: null }, remove: ['c', 'x'] }),
    )

    const data = { a: 1, b: { other: 2 }, d: null }
    expect(changed).toMatchObject({ data })
    expect((await store.read(key, NOW_MS))!.data).toEqual(data)
  })

  test('of many concurrent changes of different keys every one is kept', async () => {
    await using store = await open()
    await using other = await open()
    const key = newKey()
    await store.create(key, newSession({}), NO_REPLACEMENT)

    const changes = Array.from({ length: 24 }, (_, index) => {
      const through = index % 2 === 0 ? store : other
      return through.change(key, changeOf({ set: { [`k${index}`]: index } }))
    })
    await Promise.all(changes)

    expect(Object.keys((await store.read(key, NOW_MS))!.data)).toHaveLength(24)
  })

  test('concurrent changes together never pass the limit', async () => {
    await using store = await open()
    const key = newKey()
    await store.create(key, newSession({}), NO_REPLACEMENT)

    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, index) =>
        store.change(key, changeOf({ set: { [`k${index}`]: 'x'.repeat(300) }, maxBytes: 1_000 })),
      ),
    )

    expect(outcomes.filter((outcome) => outcome === 'too-large')).toHaveLength(5)
    expect(Object.keys((await store.read(key, NOW_MS))!.data)).toHaveLength(3)
  })

  test('a change that would make the data too large changes nothing, the expiry included', async () => {
    await using store = await open()
    const key = newKey()
    const session = newSession({ data: { a: 'a' } })
    await store.create(key, session, NO_REPLACEMENT)

    const set = { b: 'x'.repeat(2_000) }
    const outcome = await store.change(key, changeOf({ set, maxBytes: 1_000, idleMs: 2 * MINUTE_MS }))

    expect(outcome).toBe('too-large')
    expect(await store.read(key, NOW_MS)).toEqual(session)
  })

  test('a change and a touch move the expiry, never past the absolute one', async () => {
    await using store = await open()
    const key = newKey()
    await store.create(key, newSession({ absoluteAtMs: NOW_MS + 5 * MINUTE_MS }), NO_REPLACEMENT)

    const touched = await store.touch(key, NOW_MS + 1, 2 * MINUTE_MS)
    const changed = await store.change(key, changeOf({ nowMs: NOW_MS + 2, idleMs: 3 * MINUTE_MS }))
    const capped = await store.touch(key, NOW_MS + 3, 9 * MINUTE_MS)

    expect(touched).toBe(NOW_MS + 1 + 2 * MINUTE_MS)
    expect(changed).toMatchObject({ expiresAtMs: NOW_MS + 2 + 3 * MINUTE_MS })
    expect(capped).toBe(NOW_MS + 5 * MINUTE_MS)
    expect((await store.read(key, NOW_MS))!.expiresAtMs).toBe(NOW_MS + 5 * MINUTE_MS)
  })

  test('text that looks like SQL, JSON or a path is text', async () => {
    await using store = await open()
    const key = newKey()
    const hostile = `'); drop table "x"; -- {"a":1} $1 {a,b}`
    await store.create(
      key,
      newSession({ userId: hostile, data: { [hostile]: hostile, b: 1 } }),
      NO_REPLACEMENT,
    )

    await store.change(key, changeOf({ set: { kept: hostile }, remove: [hostile] }))

    const found = (await store.read(key, NOW_MS))!
    expect([found.userId, found.data]).toEqual([hostile, { b: 1, kept: hostile }])
    expect(await store.deleteByUser(hostile, NOW_MS)).toBe(1)
  })
}

function testDeleting(open: Open): void {
  test('a deleted session is absent, and one of several deletions is told that it was there', async () => {
    await using store = await open()
    const key = newKey()
    await store.create(key, newSession({}), NO_REPLACEMENT)

    const told = await Promise.all([store.delete(key), store.delete(key), store.delete(key)])

    expect(told.filter(Boolean)).toHaveLength(1)
    expect(await store.read(key, NOW_MS)).toBeUndefined()
    expect(await store.change(key, changeOf({ set: { a: 1 } }))).toBe('absent')
  })

  test('all sessions of a user are deleted and counted, and those of others stay', async () => {
    await using store = await open()
    const [user, stranger] = [secretToken(), secretToken()]
    const keys = [newKey(), newKey(), newKey(), newKey()]
    await store.create(keys[0]!, newSession({ userId: user }), NO_REPLACEMENT)
    await store.create(keys[1]!, newSession({ userId: user }), NO_REPLACEMENT)
    await store.create(keys[2]!, newSession({ userId: stranger }), NO_REPLACEMENT)
    await store.create(keys[3]!, newSession({ userId: null }), NO_REPLACEMENT)

    expect(await store.deleteByUser(user, NOW_MS)).toBe(2)

    const found = await Promise.all(keys.map((key) => store.read(key, NOW_MS)))
    expect(found.map((session) => session !== undefined)).toEqual([false, false, true, true])
  })
}

function testExpiring(open: Open): void {
  test('a session is there until the moment it expires, and absent for every call from then on', async () => {
    await using store = await open()
    const key = newKey()
    const user = secretToken()
    const atMs = NOW_MS + MINUTE_MS
    await store.create(key, newSession({ userId: user, expiresAtMs: atMs }), NO_REPLACEMENT)

    expect(await store.read(key, atMs - 1)).toBeDefined()
    expect(await store.read(key, atMs)).toBeUndefined()
    expect(await store.touch(key, atMs, MINUTE_MS)).toBeUndefined()
    expect(await store.change(key, changeOf({ set: { a: 1 }, nowMs: atMs }))).toBe('absent')
    expect(await store.deleteByUser(user, atMs)).toBe(0)
  })

  test('pruning removes what has expired, the oldest first, as many as it may, and nothing else', async () => {
    await using store = await open()
    // Years before what other tests store, so that they have nothing to prune.
    const thenMs = Date.UTC(2001, 0, 1)
    const keys = Array.from({ length: 5 }, newKey)
    for (const [index, key] of keys.entries()) {
      const times = { createdAtMs: thenMs, expiresAtMs: thenMs + index, absoluteAtMs: thenMs + 10 }
      await store.create(key, newSession(times), NO_REPLACEMENT)
    }

    const removed = [
      await store.prune(thenMs + 3, 3),
      await store.prune(thenMs + 3, 3),
      await store.prune(thenMs + 3, 3),
    ]

    expect(removed).toEqual([3, 1, 0])
    expect(await store.read(keys[4]!, thenMs + 3)).toBeDefined()
    expect(await store.read(keys[3]!, thenMs)).toBeUndefined()
  })
}

function testSharing(open: Open): void {
  test('a store that says it is shared shows every other one its sessions at once', async () => {
    await using one = await open()
    await using other = await open()
    const key = newKey()
    expect(one.capabilities.shared).toBe(true)

    await one.create(key, newSession({ userId: 'u' }), NO_REPLACEMENT)
    const seen = await other.read(key, NOW_MS)
    await other.delete(key)

    expect(seen).toMatchObject({ userId: 'u' })
    expect(await one.read(key, NOW_MS)).toBeUndefined()
  })

  test('what was stored is there after closing, twice, and opening again', async () => {
    const first = await open()
    const key = newKey()
    await first.create(key, newSession({}), NO_REPLACEMENT)
    await first.close()
    await first.close()

    await using second = await open()

    expect(await second.read(key, NOW_MS)).toBeDefined()
  })
}

function newKey(): SessionKey {
  return createHash('sha256').update(secretToken()).digest('base64url')
}

function newSession(given: Partial<StoredSession>): StoredSession {
  const times = {
    createdAtMs: NOW_MS,
    expiresAtMs: NOW_MS + MINUTE_MS,
    absoluteAtMs: NOW_MS + 10 * MINUTE_MS,
  }
  return { userId: null, data: {}, ...times, ...given }
}

type Change = Parameters<SessionStore['change']>[1]

function changeOf(given: Partial<Change>): Change {
  return { set: {}, remove: [], maxBytes: 16_384, nowMs: NOW_MS, idleMs: MINUTE_MS, ...given }
}
