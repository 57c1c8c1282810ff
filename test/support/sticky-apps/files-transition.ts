// The next version of it: sessions are Pando's, and those in the files are imported as their visitors come back.

import session from 'express-session'
import { defineApp } from 'pando'
import { FileSessions } from './old-files.ts'
import { addPages, newApp } from './shared-login.ts'

export default defineApp({
  name: 'sticky',
  setup({ sessions }) {
    const app = newApp()
    const store = new FileSessions(process.env['OLD_SESSIONS']!)
    app.use(session({ store, secret: 'a secret of the test', resave: false, saveUninitialized: false }))
    addPages(app, {
      async userOf(request) {
        const { userId } = request.session
        const known = userId === undefined ? undefined : request.sessionID
        const current = await sessions.importOnce(known, () =>
          userId === undefined ? undefined : { userId },
        )
        return current?.userId ?? undefined
      },
      login: async (_request, userId) => void (await sessions.start({ userId })),
      logout: () => sessions.destroy(),
    })
    return { listener: app }
  },
})
