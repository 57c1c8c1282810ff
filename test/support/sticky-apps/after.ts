// The version after the way out: sessions are Pando's, and nothing remembers where they came from.

import { defineApp } from 'pando'
import { addPages, newApp } from './shared-login.ts'

export default defineApp({
  name: 'sticky',
  setup({ sessions }) {
    const app = newApp()
    addPages(app, {
      userOf: async () => (await sessions.current())?.userId ?? undefined,
      login: async (_request, userId) => void (await sessions.start({ userId })),
      logout: () => sessions.destroy(),
    })
    return { listener: app }
  },
})
