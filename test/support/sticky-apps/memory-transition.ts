// The version on the way out, as docs/how-to/sticky-sessions.md shows it: login and logout are the old code still.

import { callbackify } from 'node:util'
import session, { MemoryStore, type SessionData } from 'express-session'
import { currentRequest, defineApp, type RequestContext, type Sessions } from 'pando'
import { addPages, called, newApp } from './shared-login.ts'

declare module 'express-session' {
  interface SessionData {
    userId: string
  }
}

const presented = new WeakMap<RequestContext, string>()

class OldSessions extends MemoryStore {
  readonly #handOver: (id: string, userId: string, done: Done) => void
  readonly #destroy: (done: Done) => void

  constructor(sessions: Sessions) {
    super()
    this.#handOver = callbackify((id: string, userId: string) => sessions.handOver(id, { userId }))
    this.#destroy = callbackify(() => sessions.destroy())
  }

  override get(id: string, done: (error: unknown, old?: SessionData | null) => void): void {
    presented.set(currentRequest()!, id)
    super.get(id, done)
  }

  override set(id: string, old: SessionData, done: Done = () => {}): void {
    super.set(id, old, (error) => {
      if (error || old.userId === undefined) done(error)
      else this.#handOver(id, old.userId, done)
    })
  }

  override destroy(id: string, done: Done = () => {}): void {
    super.destroy(id, (error) => (error ? done(error) : this.#destroy(done)))
  }
}

type Done = (error?: unknown) => void

export default defineApp({
  name: 'sticky',
  setup({ sessions }) {
    const app = newApp()
    const store = new OldSessions(sessions)
    app.use(session({ store, secret: 'a secret of the test', resave: false, saveUninitialized: false }))
    app.use(async (request, response, next) => {
      const { userId } = request.session
      const id = presented.get(currentRequest()!)
      const current = await sessions.importOnce(id, () => (userId === undefined ? undefined : { userId }))
      response.locals['userId'] = current?.userId ?? undefined
      next()
    })
    addPages(app, {
      userOf: (_request, response) => response.locals['userId'] as string | undefined,
      async login(request, userId) {
        await called((done) => request.session.regenerate(done))
        request.session.userId = userId
      },
      logout: (request) => called((done) => request.session.destroy(done)),
    })
    return { listener: app }
  },
})
