// Conduit, the RealWorld application: a JSON API and rendered pages over one data layer.

import { defineApp, type AppDefinition } from 'pando'
import { createApi } from './api/index.ts'
import { discardingAvatars } from './data/avatars.ts'
import { createPages } from './pages/index.ts'
import { createAccounts } from './security/accounts.ts'
import { createPasswords } from './security/password.ts'
import { createTokens } from './security/tokens.ts'

const conduit: AppDefinition = defineApp({
  name: 'conduit',
  migrations: './migrations',
  // Each goes through `database.once`, so that a repetition is applied once. A login applies nothing.
  idempotent: [
    'POST /api/users',
    'POST /api/users/login',
    'POST /api/profiles/*/follow',
    'DELETE /api/profiles/*/follow',
    'POST /api/articles',
    'PUT /api/articles/*',
    'DELETE /api/articles/*',
    'POST /api/articles/*/favorite',
    'DELETE /api/articles/*/favorite',
    'POST /api/articles/*/comments',
    'DELETE /api/articles/*/comments/*',
    'POST /editor',
    'POST /editor/*',
    'POST /article/**',
    'POST /profile/**',
  ],
  setup(tiers) {
    const { database, sessions, files, log } = tiers
    const accounts = createAccounts(database, createPasswords(), discardingAvatars(files, log))
    const tokens = createTokens(tiers.secret('jwt'))
    const api = createApi({ database, sessions, accounts, tokens })
    const pages = createPages({ database, sessions, files, log, accounts, tokens })
    return {
      fetch: (request) => (isForApi(request) ? api.fetch(request) : pages.fetch(request)),
    }
  },
})

function isForApi(request: Request): boolean {
  return /^\/api(?:\/|$)/.test(new URL(request.url).pathname)
}

export default conduit
