import { Hono, type Context } from 'hono'
import * as profiles from '../data/profiles.ts'
import type { Profile } from '../data/profiles.ts'
import { answer, notFound } from './answer.ts'
import type { ApiDeps } from './index.ts'
import { userRequired, viewerIfKnown } from './viewer.ts'

/** `/profiles/:username` and its `/follow`. */
export function profileRoutes({ database, tokens }: ApiDeps): Hono {
  const required = userRequired(tokens)
  const profileAnswer = (c: Context, profile: Profile | undefined): Response =>
    profile === undefined ? notFound(c, 'profile') : answer(c, { profile })

  return new Hono()
    .get('/profiles/:username', viewerIfKnown(tokens), async (c) =>
      profileAnswer(c, await profiles.byUsername(database, c.req.param('username'), c.var.viewer)),
    )
    .post('/profiles/:username/follow', required, async (c) =>
      profileAnswer(
        c,
        await database.once((tx) => profiles.follow(tx, c.var.userId, c.req.param('username'))),
      ),
    )
    .delete('/profiles/:username/follow', required, async (c) =>
      profileAnswer(
        c,
        await database.once((tx) => profiles.unfollow(tx, c.var.userId, c.req.param('username'))),
      ),
    )
}
