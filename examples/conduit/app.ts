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
