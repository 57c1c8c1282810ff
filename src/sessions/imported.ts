// Sessions that another store has, taken over one by one: the identifier of the new session is made of the old one, so
// whichever server a visitor reaches finds the same session for the same old cookie, and importing twice is importing
// once. A mark beside it, which says when that session began, outlives it, so that an old cookie brings nobody back who has
// logged out since.
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
 * ended since. A crash on the way leaves nothing, or a session without its mark: who finds it calls `isImported`.
 * @throws SESSIONS_TOO_LARGE
 */
export async function storeImported(
  imported: Import,
  session: NewSession,
): Promise<StoredSession | 'before'> {
  const { store, settings, oldId, nowMs } = imported
  if ((await store.read(markKey(oldId), nowMs)) !== undefined) return 'before'
  const { dataMaxBytes: maxBytes } = settings
  const stored = beginning(session, settings, nowMs)
  const key = keyOf(importedId(oldId))
  const created = await createOnce(store, key, stored, maxBytes)
  if (await isImported(imported, created)) return created
  // Since we looked, somebody else has imported it and its visitor has logged out.
  await store.delete(key)
  return 'before'
}

/**
 * Whether `session` is the one that was made of the old one, and not made once more by a process that slept meanwhile.
 * Sets the mark where whoever imported it came no further than that.
 */
export async function isImported(
  { store, settings, oldId, nowMs }: Import,
  { createdAtMs }: StoredSession,
): Promise<boolean> {
  const key = markKey(oldId)
  const begun = beginning({ userId: null, data: { of: createdAtMs } }, settings, nowMs)
  const mark =
    (await store.read(key, nowMs)) ??
    (await createOnce(store, key, { ...begun, expiresAtMs: begun.absoluteAtMs }, settings.dataMaxBytes))
  return mark.data['of'] === createdAtMs
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
