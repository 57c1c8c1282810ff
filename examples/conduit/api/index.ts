// The JSON API of the RealWorld contract, under `/api`. Every answer is JSON, errors and unknown paths too.

import { Hono, type Context } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { cors } from 'hono/cors'
import type { Sessions } from 'pando'
import type { Database } from 'pando/database'
import { Taken, UserGone } from '../data/conflicts.ts'
import { InputRefused } from '../data/input.ts'
import { createTagReader } from '../data/tags.ts'
import type { Accounts } from '../security/accounts.ts'
import { Busy } from '../security/semaphore.ts'
import type { Tokens } from '../security/tokens.ts'
import { answer, refuse } from './answer.ts'
import { articleRoutes } from './articles.ts'
import { MAX_BODY_BYTES, Unreadable } from './body.ts'
import { commentRoutes } from './comments.ts'
import { profileRoutes } from './profiles.ts'
import { userRoutes } from './users.ts'

export interface ApiDeps {
  readonly database: Database
  readonly sessions: Pick<Sessions, 'destroyAll'>
  readonly accounts: Accounts
  readonly tokens: Tokens
}

export function createApi(deps: ApiDeps): Hono {
  const tags = createTagReader()
  const api = new Hono().basePath('/api')

  api.use(
    cors({
      origin: '*',
      allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
      allowHeaders: ['Content-Type', 'Authorization', 'Idempotency-Key'],
      maxAge: 86_400,
    }),
  )
  api.use(async (c, next) => {
    await next()
    // What somebody sees with a token, and every answer that carries one, is theirs alone.
    const own = c.req.header('authorization') !== undefined || /\/users?(?:\/|$)/.test(c.req.path)
    c.header('cache-control', own ? 'no-store' : 'no-cache')
    c.header('vary', 'Authorization', { append: true })
  })

  api.use(
    bodyLimit({
      maxSize: MAX_BODY_BYTES,
      onError: (c) => refuse(c, 413, { body: [`is too large (maximum is ${MAX_BODY_BYTES} bytes)`] }),
    }),
  )

  api.route('/', userRoutes(deps))
  api.route('/', profileRoutes(deps))
  api.route('/', articleRoutes(deps))
  api.route('/', commentRoutes(deps))
  api.get('/tags', async (c) => answer(c, { tags: await tags.list(deps.database) }))
  api.all('*', (c) => refuse(c, 404, { path: ['not found'] }))
  api.onError(refusal)
  return api
}

/** What the layers below refuse, as the contract words it. Whatever else goes wrong is the web tier's to answer. */
function refusal(error: Error, c: Context): Response {
  if (error instanceof InputRefused) return refuse(c, 422, error.problems)
  if (error instanceof Unreadable) return refuse(c, 400, { body: [error.message] })
  if (error instanceof Taken) return refuse(c, 409, { [error.field]: ['has already been taken'] })
  if (error instanceof UserGone) return refuse(c, 401, { token: ['is invalid'] })
  if (error instanceof Busy) {
    c.header('retry-after', '5')
    return refuse(c, 503, { service: ['is busy, please try again'] })
  }
  throw error
}
