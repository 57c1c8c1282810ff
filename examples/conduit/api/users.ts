import { Hono, type Context } from 'hono'
import { UserGone } from '../data/conflicts.ts'
import { login, registration, userChanges } from '../data/input.ts'
import * as users from '../data/users.ts'
import type { User } from '../data/users.ts'
import { answer, refuse } from './answer.ts'
import { readBody } from './body.ts'
import type { ApiDeps } from './index.ts'
import { userRequired } from './viewer.ts'

/** `/users` and `/user`. */
export function userRoutes({ database, sessions, accounts, tokens }: ApiDeps): Hono {
  const required = userRequired(tokens)

  const userAnswer = async (
    c: Context,
    user: User | undefined,
    status: 200 | 201 = 200,
  ): Promise<Response> => {
    if (user === undefined) throw new UserGone()
    const { id, username, email, bio, image } = user
    return answer(c, { user: { username, email, bio, image, token: await tokens.issue(id) } }, status)
  }

  return new Hono()
    .post('/users', async (c) =>
      userAnswer(c, await accounts.register(await readBody(c, 'user', registration)), 201),
    )
    .post('/users/login', async (c) => {
      const user = await accounts.login(await readBody(c, 'user', login))
      return user === undefined ? refuse(c, 401, { credentials: ['invalid'] }) : userAnswer(c, user)
    })
    .get('/user', required, async (c) => userAnswer(c, await users.byId(database, c.var.userId)))
    .put('/user', required, async (c) => {
      const changes = await readBody(c, 'user', userChanges)
      const user = await accounts.change(c.var.userId, changes)
      // Whoever knew the old password is to be out of the rendered site too.
      if (changes.password !== undefined) await sessions.destroyAll(String(c.var.userId))
      return userAnswer(c, user)
    })
}
