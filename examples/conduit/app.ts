// Conduit, the RealWorld application: a JSON API and rendered pages over one data layer.

import { Hono } from 'hono'
import { defineApp, type AppDefinition } from 'pando'
import { createApi } from './api/index.ts'
import { createAccounts } from './security/accounts.ts'
import { createPasswords } from './security/passwords.ts'
import { createTokens } from './security/tokens.ts'

const conduit: AppDefinition = defineApp({
  name: 'conduit',
  migrations: './migrations',
  setup({ database, sessions, secret }) {
    const accounts = createAccounts(database, createPasswords())
    const tokens = createTokens(secret('jwt'))
    const site = new Hono().route('/api', createApi({ database, sessions, accounts, tokens }))
    return { fetch: (request) => site.fetch(request) }
  },
})

export default conduit
