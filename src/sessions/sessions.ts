// What an application gets as `sessions`. The data is in the shared store and the visitor holds only a signed, random
// identifier in an HttpOnly cookie, so any web server can answer any visitor from the first stage on.

export type SessionData = Record<string, unknown>

export interface Session<Data extends SessionData = SessionData> {
  /** Given at `start`; what `destroyAll` goes by. Null for a session of somebody who is not logged in. */
  readonly userId: string | null
  readonly data: Readonly<Partial<Data>>
  readonly createdAt: Date
  /** When it ends if it is not used again; never later than the absolute limit. */
  readonly expiresAt: Date
}

export interface SessionStart<Data extends SessionData> {
  readonly userId?: string
  readonly data?: Partial<Data>
}

export interface Sessions<Data extends SessionData = SessionData> {
  /** The current request's session, or undefined when it has none, it expired, or its cookie was forged. */
  current(): Promise<Session<Data> | undefined>
  /**
   * Begins a session with a new identifier and sends its cookie. A session the request already had is destroyed, so a
   * fixed identifier never survives a login (OWASP Session Management, renewal after privilege change).
   */
  start(options?: SessionStart<Data>): Promise<Session<Data>>
  /**
   * The current session; for a visitor without one, the session that is made of his old one in another store and is his
   * from then on, with the cookie. `oldId` is the old session's identifier, out of a cookie that was found genuine, and as
   * unguessable; `read` gives what the old session holds and is asked only until that is imported. Once imported, an old
   * session is not read again, and its cookie leads to nothing when the new session has ended, on any server, for
   * `absoluteMs`. Requests at once import one session between them. Undefined `oldId`: the same as `current`.
   */
  importOnce(
    oldId: string | undefined,
    read: () => SessionStart<Data> | undefined | Promise<SessionStart<Data> | undefined>,
  ): Promise<Session<Data> | undefined>
  /**
   * Stores what `importOnce` then finds on any server: for sessions that end with the process, in the application's
   * `close`. Needs no request. Whether it was stored; false when that session was imported or handed over before.
   */
  handOver(oldId: string, session: SessionStart<Data>): Promise<boolean>
  /** Merges `data` into the current session, beginning one if there is none; `undefined` removes a key. */
  update(data: Partial<Data>): Promise<Session<Data>>
  /** Ends the current session and clears its cookie. Does nothing when there is none. */
  destroy(): Promise<void>
  /** Ends every session of the user, on every device. Returns how many. */
  destroyAll(userId: string): Promise<number>
}
