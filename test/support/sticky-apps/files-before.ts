// An application that knows nothing of shared sessions and keeps its own in files.

import session from 'express-session'
import { defineApp } from 'pando'
import { FileSessions } from './old-files.ts'
import { addPages, called, newApp } from './shared-login.ts'

export default defineApp({
  name: 'sticky',
  setup() {
    const app = newApp()
    const store = new FileSessions(process.env['OLD_SESSIONS']!)
    app.use(session({ store, secret: 'a secret of the test', resave: false, saveUninitialized: false }))
    addPages(app, {
      userOf: (request) => request.session.userId,
      async login(request, userId) {
        await called((done) => request.session.regenerate(done))
        request.session.userId = userId
      },
      logout: (request) => called((done) => request.session.destroy(done)),
    })
    return { listener: app }
  },
})
