// Opens the `sessions` tier on a database, or on a store of your own.
//
// Expired sessions are removed by a timer and not by requests, so no visitor waits for it. Every web process runs it;
// they skip what another one is removing.

import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { currentRequest } from '../base/context.ts'
import { PlatformError } from '../base/errors.ts'
import { createLogger, type Logger } from '../base/log.ts'
import type { Database } from '../database/database.ts'
import type { SessionsSettings } from './config.ts'
import { checkOldId, checkUserId, plainData } from './data.ts'
import type { SessionStore, StoredSession } from './driver.ts'
import { storeImported, type NewSession } from './imported.ts'
import { createSigner, type SigningKey } from './keys.ts'
import { RequestSession, type SessionParts } from './request-session.ts'
import type { Session, SessionData, Sessions, SessionStart } from './sessions.ts'

export type OpenSessionsOptions = {
  /** The first signs, all verify. */
  readonly keys: readonly SigningKey[]
  readonly settings: SessionsSettings
  readonly clock?: Clock
  readonly log?: Logger
} & (
  | {
      /** Where the table `pando.session` is, or is made. Not closed with the sessions. */
      readonly database: Database
    }
  | {
      /** A store of your own, open already. Not closed with the sessions. */
      readonly store: SessionStore
    }
)

export interface OpenedSessions<Data extends SessionData = SessionData>
  extends Sessions<Data>, AsyncDisposable {
  /** Waits for what it is removing just now. May be called twice; later calls of the rest throw SESSIONS_CLOSED. */
  close(): Promise<void>
}

/** @throws SESSIONS_KEYS_INVALID, SESSIONS_SCHEMA_NEWER; what the database throws when it cannot be reached. */
export async function openSessions<Data extends SessionData = SessionData>(
  options: OpenSessionsOptions,
): Promise<OpenedSessions<Data>> {
  const { keys, settings, clock = systemClock, log = createLogger() } = options
  const signer = createSigner(keys)
  const store = 'store' in options ? options.store : await openPostgres(options.database)
  const parts: SessionParts = { store, signer, settings, clock, log }
  const pruning = startPruning(parts)
  // One to each set of sessions: an application may open two.
  const slot = Symbol('pando.sessions')
  let closed = false

  const ofRequest = (operation: string): RequestSession => {
    if (closed) throw new PlatformError('SESSIONS_CLOSED', { operation })
    const request = currentRequest()
    if (request === undefined) throw new PlatformError('SESSIONS_NO_REQUEST', { operation })
    const kept = request.kept.get(slot) as RequestSession | undefined
    if (kept !== undefined) return kept
    const made = new RequestSession(request, parts)
    request.kept.set(slot, made)
    return made
  }
  const close = (): Promise<void> => {
    closed = true
    return pruning.stop()
  }

  return {
    async current() {
      const stored = await ofRequest('current').current()
      return stored && toSession<Data>(stored)
    },
    async start(given = {}) {
      const session = ofRequest('start')
      return toSession<Data>(await session.start(checkedStart(given)))
    },
    async importOnce(oldId, read) {
      const session = ofRequest('importOnce')
      if (oldId !== undefined) checkOldId(oldId)
      const stored = await session.importOnce(oldId, async () => {
        const old = await read()
        return old && checkedStart(old)
      })
      return stored && toSession<Data>(stored)
    },
    async handOver(oldId, given) {
      if (closed) throw new PlatformError('SESSIONS_CLOSED', { operation: 'handOver' })
      checkOldId(oldId)
      const nowMs = clock.now()
      const stored = await storeImported({ store, settings, oldId, nowMs }, checkedStart(given))
      return stored !== 'before'
    },
    async update(data) {
      const session = ofRequest('update')
      const set = plainData(data)
      const remove = Object.keys(data).filter((key) => !Object.hasOwn(set, key))
      return toSession<Data>(await session.update(set, remove))
    },
    async destroy() {
      await ofRequest('destroy').destroy()
    },
    async destroyAll(userId) {
      if (closed) throw new PlatformError('SESSIONS_CLOSED', { operation: 'destroyAll' })
      checkUserId(userId)
      const count = await store.deleteByUser(userId, clock.now())
      const kept = currentRequest()?.kept.get(slot) as RequestSession | undefined
      kept?.forget()
      return count
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function openPostgres(database: Database): Promise<SessionStore> {
  const { postgres } = await import('./drivers/postgres.ts')
  return postgres(database)
}

/** @throws SESSIONS_DATA_INVALID */
function checkedStart<Data extends SessionData>({ userId, data = {} }: SessionStart<Data>): NewSession {
  if (userId !== undefined) checkUserId(userId)
  return { userId: userId ?? null, data: plainData(data) }
}

function toSession<Data extends SessionData>(stored: StoredSession): Session<Data> {
  return {
    userId: stored.userId,
    // The application's own type: what it stored is what comes back.
    data: Object.freeze(stored.data) as Readonly<Partial<Data>>,
    createdAt: new Date(stored.createdAtMs),
    expiresAt: new Date(stored.expiresAtMs),
  }
}

const PRUNE_BATCH = 1_000
const PRUNE_MAX_BATCHES = 100

/** Removes what has expired every `pruneEveryMs`: up to 100,000 sessions, a thousand a statement. */
function startPruning({ store, settings, clock, log }: SessionParts): { stop(): Promise<void> } {
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  const prune = async (): Promise<void> => {
    try {
      for (let batch = 0; batch < PRUNE_MAX_BATCHES && !stopping.signal.aborted; batch++)
        if ((await store.prune(clock.now(), PRUNE_BATCH)) < PRUNE_BATCH) break
    } catch (error) {
      log.warn({ tier: 'sessions', error }, 'expired sessions could not be removed')
    }
  }
  const cancel = clock.every(settings.pruneEveryMs, () => {
    running ??= prune().finally(() => {
      running = undefined
    })
  })
  return {
    async stop() {
      stopping.abort()
      cancel()
      await running
    },
  }
}
