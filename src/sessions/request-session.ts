// The session of one request: found at most once in the store, however often and by however many it is asked for.
//
// What changes the session (start, update, destroy) runs one after the other within a request, so that two updates of a
// visitor without a session begin one and not two. Different requests need no such order: the store's own steps are
// atomic.

import type { Clock } from '../base/clock.ts'
import type { RequestContext } from '../base/context.ts'
import { isPlatformError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { secretToken } from '../base/random.ts'
import type { SessionsSettings } from './config.ts'
import { clearCookie, cookieKind, cookieValues, setCookie, type CookieKind } from './cookie.ts'
import type { SessionKey, SessionStore, StoredSession } from './driver.ts'
import { tooLarge } from './data.ts'
import { beginning, importedId, isImported, keyOf, storeImported, type NewSession } from './imported.ts'
import type { Signer } from './keys.ts'
import type { SessionData } from './sessions.ts'

export interface SessionParts {
  readonly store: SessionStore
  readonly signer: Signer
  readonly settings: SessionsSettings
  readonly clock: Clock
  readonly log: Logger
}

/** What the request's cookie points at, or what took its place since. */
interface Pointer {
  readonly id: string
  readonly key: SessionKey
  /** An older key signed the cookie. */
  isStale: boolean
}

// An expiry is moved when a tenth of it is used up: with 14 days, one write a visitor in 34 hours of use.
const TOUCH_FRACTION = 0.1

export class RequestSession {
  readonly #request: RequestContext
  readonly #parts: SessionParts
  readonly #kind: CookieKind
  #pointer: Pointer | undefined
  #lookup: Promise<StoredSession | undefined> | undefined
  #lastChange: Promise<unknown> = Promise.resolve()

  constructor(request: RequestContext, parts: SessionParts) {
    this.#request = request
    this.#parts = parts
    this.#kind = cookieKind(parts.settings, request.secure)
    this.#pointer = presented(request, parts)
  }

  current(): Promise<StoredSession | undefined> {
    const pointer = this.#pointer
    if (pointer === undefined) return Promise.resolve(undefined)
    this.#lookup ??= this.#keptUnlessFailed(this.#find(pointer))
    return this.#lookup
  }

  start(session: NewSession): Promise<StoredSession> {
    return this.#inTurn(() => this.#begin(session))
  }

  update(set: SessionData, remove: readonly string[]): Promise<StoredSession> {
    return this.#inTurn(async () => {
      const { store, settings, clock } = this.#parts
      const pointer = this.#pointer
      if (pointer === undefined) return this.#begin({ userId: null, data: set })
      const { dataMaxBytes: maxBytes, idleMs } = settings
      const changed = await store.change(pointer.key, { set, remove, maxBytes, nowMs: clock.now(), idleMs })
      if (changed === 'too-large') throw tooLarge(settings.dataMaxBytes)
      if (changed === 'absent') return this.#begin({ userId: null, data: set })
      this.#lookup = Promise.resolve(changed)
      this.#renewSignature(pointer, changed)
      return changed
    })
  }

  destroy(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#pointer === undefined) return
      await this.#parts.store.delete(this.#pointer.key)
      this.#pointer = this.#lookup = undefined
      this.#request.appendHeader('set-cookie', clearCookie(this.#kind))
    })
  }

  importOnce(
    oldId: string | undefined,
    read: () => Promise<NewSession | undefined>,
  ): Promise<StoredSession | undefined> {
    return this.#inTurn(async () => {
      const current = await this.current()
      if (current !== undefined || oldId === undefined) return current
      const next = pointerTo(importedId(oldId), false)
      const found = await this.#find(next)
      if (found !== undefined && !(await this.#isImported(oldId, found))) return undefined
      const session = found ?? (await this.#import(oldId, next.key, read))
      if (session === undefined) return undefined
      // The session stays when its cookie cannot be sent: the next request with the old one finds it.
      this.#sendCookie(next, session)
      this.#pointer = next
      this.#lookup = Promise.resolve(session)
      return session
    })
  }

  /** Makes the next `current` ask the store again. */
  forget(): void {
    this.#lookup = undefined
  }

  async #import(
    oldId: string,
    key: SessionKey,
    read: () => Promise<NewSession | undefined>,
  ): Promise<StoredSession | undefined> {
    const { store, settings, clock } = this.#parts
    const old = await read()
    if (old === undefined) return undefined
    const stored = await storeImported({ store, settings, oldId, nowMs: clock.now() }, old)
    // By a request beside this one perhaps, an instant ago.
    return stored === 'before' ? store.read(key, clock.now()) : stored
  }

  #isImported(oldId: string, session: StoredSession): Promise<boolean> {
    const { store, settings, clock } = this.#parts
    return isImported({ store, settings, oldId, nowMs: clock.now() }, session)
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.#lastChange.then(change)
    this.#lastChange = result.catch(() => {})
    return result
  }

  /** A read that failed is not kept: the next call may have more luck. */
  #keptUnlessFailed(started: Promise<StoredSession | undefined>): Promise<StoredSession | undefined> {
    started.catch(() => {
      if (this.#lookup === started) this.#lookup = undefined
    })
    return started
  }

  async #find(pointer: Pointer): Promise<StoredSession | undefined> {
    const { store, clock } = this.#parts
    const found = await store.read(pointer.key, clock.now())
    const session = found && (await this.#extend(pointer.key, found))
    if (session !== undefined) this.#renewSignature(pointer, session)
    return session
  }

  async #extend(key: SessionKey, session: StoredSession): Promise<StoredSession | undefined> {
    const { store, settings, clock, log } = this.#parts
    const nowMs = clock.now()
    const isFresh = session.expiresAtMs - nowMs > settings.idleMs * (1 - TOUCH_FRACTION)
    if (isFresh || session.expiresAtMs >= session.absoluteAtMs) return session
    try {
      const expiresAtMs = await store.touch(key, nowMs, settings.idleMs)
      return expiresAtMs === undefined ? undefined : { ...session, expiresAtMs }
    } catch (error) {
      if (isPlatformError(error, 'DATABASE_CANCELLED')) throw error
      // A database that only reads for a while (a failover) logs nobody out.
      log.warn({ tier: 'sessions', error }, 'the expiry of a session could not be moved')
      return session
    }
  }

  async #begin(start: NewSession): Promise<StoredSession> {
    const { store, settings, clock } = this.#parts
    const next = pointerTo(secretToken(), false)
    const session = beginning(start, settings, clock.now())
    const options = { replaces: this.#pointer?.key, maxBytes: settings.dataMaxBytes }
    if ((await store.create(next.key, session, options)) === 'too-large')
      throw tooLarge(settings.dataMaxBytes)
    this.#pointer = this.#lookup = undefined
    try {
      this.#sendCookie(next, session)
    } catch (error) {
      // Without its cookie nobody can use it.
      await store.delete(next.key)
      throw error
    }
    this.#pointer = next
    this.#lookup = Promise.resolve(session)
    return session
  }

  #sendCookie({ id }: Pointer, { absoluteAtMs }: StoredSession): void {
    const { signer, clock } = this.#parts
    const header = setCookie(this.#kind, signer.sign(id), absoluteAtMs - clock.now())
    this.#request.appendHeader('set-cookie', header)
  }

  #renewSignature(pointer: Pointer, session: StoredSession): void {
    if (!pointer.isStale || pointer !== this.#pointer) return
    pointer.isStale = false
    try {
      this.#sendCookie(pointer, session)
    } catch (error) {
      // Too late in this response; the old key still verifies, and the next request tries again.
      if (!isPlatformError(error, 'WEB_HEADERS_SENT')) throw error
    }
  }
}

/**
 * The one session that the request's cookies point at. Cookies without a good signature do not count; two good ones
 * that differ point at nothing, since one of them was planted by somebody else.
 */
function presented(request: RequestContext, { signer, settings }: SessionParts): Pointer | undefined {
  const { name } = cookieKind(settings, request.secure)
  const genuine = new Map<string, Pointer>()
  for (const value of cookieValues(request.header('cookie'), name)) {
    const verified = signer.verify(value)
    if (verified !== undefined) genuine.set(verified.id, pointerTo(verified.id, !verified.isCurrent))
  }
  const [only] = genuine.values()
  return genuine.size === 1 ? only : undefined
}

function pointerTo(id: string, isStale: boolean): Pointer {
  return { id, key: keyOf(id), isStale }
}
