import { Hono } from 'hono'
import * as comments from '../data/comments.ts'
import { accept, newComment } from '../data/input.ts'
import { z } from 'zod'
import { answer, commentAnswer, forbidden, notFound } from './answer.ts'
import { readBody } from './body.ts'
import type { ApiDeps } from './index.ts'
import { userRequired, viewerIfKnown } from './viewer.ts'

const ID = /^\d{1,15}$/

/** Not in the contract: comments older than this id, for the rare article with more than one answer holds. */
const older = z.object({
  before: z.string().regex(ID, 'must be the id of a comment').transform(Number).optional(),
})

/** `/articles/:slug/comments`. */
export function commentRoutes({ database, tokens }: ApiDeps): Hono {
  const required = userRequired(tokens)

  return new Hono()
    .get('/articles/:slug/comments', viewerIfKnown(tokens), async (c) => {
      const { before } = accept(older, c.req.query())
      const found = await comments.list(database, c.req.param('slug'), c.var.viewer, before)
      return found === undefined ? notFound(c, 'article') : answer(c, { comments: found })
    })
    .post('/articles/:slug/comments', required, async (c) => {
      const input = await readBody(c, 'comment', newComment)
      const comment = await database.once(
        (tx) => comments.add(tx, c.req.param('slug'), c.var.userId, input.body),
        { content: input },
      )
      return comment === undefined ? notFound(c, 'article') : commentAnswer(c, comment)
    })
    .delete('/articles/:slug/comments/:id', required, async (c) => {
      const { slug, id } = c.req.param()
      // No comment has an id that is not a number of at most 15 digits; 0 is never given.
      const wanted = ID.test(id) ? Number(id) : 0
      const outcome = await database.once((tx) => comments.remove(tx, slug, wanted, c.var.userId))
      if (outcome === 'no article') return notFound(c, 'article')
      if (outcome === 'no comment') return notFound(c, 'comment')
      if (outcome === 'forbidden') return forbidden(c, 'comment')
      return c.body(null, 204)
    })
}
