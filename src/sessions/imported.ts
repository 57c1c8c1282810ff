// Sessions that another store has, taken over one by one: the identifier of the new session is made of the old one, so
// whichever server a visitor reaches finds the same session for the same old cookie, and importing twice is importing
// once. A mark beside it outlives the session, so that an old cookie brings nobody back who has logged out since.
//
// The old identifier opens the session as it did before; the store sees hashes of it only. The mark is a row like a
// session's, under a key that no identifier has.

import { createHash } from 'node:crypto'
import type { SessionsSettings } from './config.ts'
import { tooLarge } from './data.ts'
import type { SessionKey, SessionStore, StoredSession } from './driver.ts'
import type { SessionData } from './sessions.ts'

export interface NewSession {
  readonly userId: string | null
  readonly data: SessionData
}

/** `session` with the times of one that begins now. */
export function beginning(session: NewSession, settings: SessionsSettings, nowMs: number): StoredSession {
  const absoluteAtMs = nowMs + settings.absoluteMs
  const expiresAtMs = Math.min(nowMs + settings.idleMs, absoluteAtMs)
  return { ...session, createdAtMs: nowMs, expiresAtMs, absoluteAtMs }
}

/** SHA-256 of `id`: what a store knows a session by. */
export function keyOf(id: string): SessionKey {
  return createHash('sha256').update(id).digest('base64url')
}

/** The identifier of the session that is made of the old one; shaped as the random ones are. */
export function importedId(oldId: string): string {
  return keyOf(`pando.session.imported.1.${oldId}`)
}

function markKey(oldId: string): SessionKey {
  return keyOf(`pando.session.import-mark.1.${oldId}`)
}

export interface Import {
  readonly store: SessionStore
  readonly settings: SessionsSettings
  readonly oldId: string
  readonly nowMs: number
}

/**
 * Stores `session` as the one made of the old one, unless that was done before. `before`: it was, the session may have
 * ended since. A crash on the way leaves nothing, or a session without its mark: who finds it calls `ensureMark`.
 * @throws SESSIONS_TOO_LARGE
 */
export async function storeImported(
  { store, settings, oldId, nowMs }: Import,
  session: NewSession,
): Promise<StoredSession | 'before'> {
  if ((await store.read(markKey(oldId), nowMs)) !== undefined) return 'before'
  const { dataMaxBytes: maxBytes } = settings
  const stored = beginning(session, settings, nowMs)
  const key = keyOf(importedId(oldId))
  const created = await createOnce(store, key, stored, maxBytes)
  await storeMark({ store, settings, oldId, nowMs })
  return created
}

/** Marks a session that was found as imported, in case whoever imported it came no further than that. */
export async function ensureMark(imported: Import): Promise<void> {
  const { store, oldId, nowMs } = imported
  if ((await store.read(markKey(oldId), nowMs)) === undefined) await storeMark(imported)
}

async function storeMark({ store, settings, oldId, nowMs }: Import): Promise<void> {
  const begun = beginning({ userId: null, data: {} }, settings, nowMs)
  const mark = { ...begun, expiresAtMs: begun.absoluteAtMs }
  await createOnce(store, markKey(oldId), mark, settings.dataMaxBytes)
}

/** What is stored under `key`: `session`, or what somebody else has just stored there. */
async function createOnce(
  store: SessionStore,
  key: SessionKey,
  session: StoredSession,
  maxBytes: number,
): Promise<StoredSession> {
  let created: 'created' | 'too-large'
  try {
    created = await store.create(key, session, { replaces: undefined, maxBytes })
  } catch (error) {
    const other = await store.read(key, session.createdAtMs)
    if (other === undefined) throw error
    return other
  }
  if (created === 'too-large') throw tooLarge(maxBytes)
  return session
}
