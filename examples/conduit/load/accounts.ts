// Log-in, registration and settings: rare calls that cost the most, for a password is hashed.

import type { LoadRequest, Random } from 'pando/load'
import { SEED_PASSWORD } from '../seed/names.ts'
import type { ConduitState } from './state.ts'

type Write = (state: ConduitState, random: Random) => LoadRequest | undefined

const logIn: Write = (state, random) => ({
  method: 'POST',
  path: '/api/users/login',
  body: { user: { email: state.visitors.reader(random).email, password: SEED_PASSWORD } },
})

const register: Write = (state) => {
  const username = `load-${state.runName}-${state.nextNumber()}`
  return {
    method: 'POST',
    path: '/api/users',
    body: { user: { username, email: `${username}@conduit.example`, password: SEED_PASSWORD } },
    expect: [201],
    onAnswer: () => ({ key: `user ${username}`, kind: 'user', user: username, bio: null }),
  }
}

const putUser: Write = (state, random) => {
  const visitor = state.visitors.writer(random)
  const key = `user ${visitor.username}`
  if (!state.claims.claim(key)) return undefined
  const bio = `Run ${state.runName}, change ${state.nextNumber()}`
  return {
    method: 'PUT',
    path: '/api/user',
    headers: visitor.headers,
    body: { user: { bio } },
    writes: key,
    onAnswer: () => ({ key, kind: 'user', user: visitor.username, bio }),
    onEnd: () => state.claims.release(key),
  }
}

export const accountWrites = {
  login: logIn,
  register,
  'PUT user': putUser,
} as const satisfies Record<string, Write>
