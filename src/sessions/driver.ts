// The contract between the `sessions` tier and the store that all web servers share.
//
// A store never sees a session's identifier: its key is the SHA-256 of it, so a copy of the store opens no session. It
// never asks for the time either: every call is given `nowMs`, and a session whose `expiresAtMs` is not after it does
// not exist, whether it has been pruned or not.
//
// Every store passes `testSessionStore` of `pando/testing`.

import type { SessionData } from './sessions.ts'

/** SHA-256 of the session's identifier, as 43 characters of base64url. */
export type SessionKey = string

export interface StoredSession {
  readonly userId: string | null
  readonly data: SessionData
  /** Milliseconds since 1970, as all times here. */
  readonly createdAtMs: number
  readonly expiresAtMs: number
  /** `expiresAtMs` is never later. */
  readonly absoluteAtMs: number
}

export interface SessionChange {
  /** Keys of the data that get a value (plain JSON), and those that lose theirs; no key is in both. */
  readonly set: SessionData
  readonly remove: readonly string[]
  readonly maxBytes: number
  readonly nowMs: number
  readonly idleMs: number
}

export interface SessionStoreCapabilities {
  /** Every web process sees the same sessions. */
  readonly shared: boolean
  /** A session that was acknowledged survives the kill of every process. */
  readonly durable: boolean
}

export interface SessionStore extends AsyncDisposable {
  readonly capabilities: SessionStoreCapabilities

  /**
   * Stores a session under a new key, and in the same step removes the one called `replaces`, if it is there. With
   * `too-large`, when the data has more than `maxBytes` as the store writes them, nothing changes. A key that exists
   * already is a programmer error and rejects.
   */
  create(
    key: SessionKey,
    session: StoredSession,
    options: { readonly replaces: SessionKey | undefined; readonly maxBytes: number },
  ): Promise<'created' | 'too-large'>

  /** The session, or undefined when it is absent or has expired. */
  read(key: SessionKey, nowMs: number): Promise<StoredSession | undefined>

  /**
   * Changes single keys of the data in one step, so that of two concurrent changes of different keys both are kept, and
   * sets `expiresAtMs` to `nowMs + idleMs`, at most `absoluteAtMs`. Gives the session as it is then; `absent` for one
   * that is absent, has expired or was deleted meanwhile; `too-large`, changing nothing, when the data would have more
   * than `maxBytes`.
   */
  change(key: SessionKey, change: SessionChange): Promise<StoredSession | 'absent' | 'too-large'>

  /** Sets `expiresAtMs` as `change` does and gives the new one; undefined for an absent or expired session. */
  touch(key: SessionKey, nowMs: number, idleMs: number): Promise<number | undefined>

  /** Removes the session; whether it was there. Of concurrent calls one is told true. */
  delete(key: SessionKey): Promise<boolean>

  /** Removes every session of the user, those that have expired included; how many had not. */
  deleteByUser(userId: string, nowMs: number): Promise<number>

  /** Removes expired sessions, at most `limit`, and waits for no other process that does the same; how many. */
  prune(nowMs: number, limit: number): Promise<number>

  /** Gives up what the store opened itself. May be called twice. */
  close(): Promise<void>
}
