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
  /** Merges `data` into the current session, beginning one if there is none; `undefined` removes a key. */
  update(data: Partial<Data>): Promise<Session<Data>>
  /** Ends the current session and clears its cookie. Does nothing when there is none. */
  destroy(): Promise<void>
  /** Ends every session of the user, on every device. Returns how many. */
  destroyAll(userId: string): Promise<number>
}
