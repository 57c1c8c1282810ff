import { Hono, type Context } from 'hono'
import * as articles from '../data/articles.ts'
import type { Article } from '../data/articles.ts'
import * as favorites from '../data/favorites.ts'
import { feed } from '../data/feed.ts'
import { accept, articleChanges, newArticle, page } from '../data/input.ts'
import { articleAnswer, forbidden, listAnswer, notFound } from './answer.ts'
import { readBody } from './body.ts'
import type { ApiDeps } from './index.ts'
import { userRequired, viewerIfKnown } from './viewer.ts'

/** `/articles`, `/articles/feed`, `/articles/:slug` and its `/favorite`. */
export function articleRoutes({ database, tokens }: ApiDeps): Hono {
  const known = viewerIfKnown(tokens)
  const required = userRequired(tokens)
  const shown = (c: Context, article: Article | undefined, status: 200 | 201 = 200): Response =>
    article === undefined ? notFound(c, 'article') : articleAnswer(c, article, status)

  return new Hono()
    .get('/articles', known, async (c) => {
      const query = c.req.query()
      // Clients send empty filters for none.
      const filter = {
        tag: query['tag'] || undefined,
        author: query['author'] || undefined,
        favorited: query['favorited'] || undefined,
      }
      return listAnswer(c, await articles.list(database, filter, accept(page, query), c.var.viewer))
    })
    .get('/articles/feed', required, async (c) =>
      listAnswer(c, await feed(database, c.var.userId, accept(page, c.req.query()))),
    )
    .post('/articles', required, async (c) => {
      const input = await readBody(c, 'article', newArticle)
      const { slug } = await database.once((tx) => articles.create(tx, c.var.userId, input), {
        content: input,
      })
      return shown(c, await articles.bySlug(database, slug, c.var.userId), 201)
    })
    .get('/articles/:slug', known, async (c) =>
      shown(c, await articles.bySlug(database, c.req.param('slug'), c.var.viewer)),
    )
    .put('/articles/:slug', required, async (c) => {
      const changes = await readBody(c, 'article', articleChanges)
      const changed = await database.once(
        (tx) => articles.update(tx, c.req.param('slug'), c.var.userId, changes),
        { content: changes },
      )
      if (changed === 'not found') return notFound(c, 'article')
      if (changed === 'forbidden') return forbidden(c, 'article')
      return shown(c, await articles.bySlug(database, changed.slug, c.var.userId))
    })
    .delete('/articles/:slug', required, async (c) => {
      const outcome = await database.once((tx) => articles.remove(tx, c.req.param('slug'), c.var.userId))
      if (outcome === 'not found') return notFound(c, 'article')
      if (outcome === 'forbidden') return forbidden(c, 'article')
      return c.body(null, 204)
    })
    .post('/articles/:slug/favorite', required, async (c) => {
      const slug = c.req.param('slug')
      await database.once((tx) => favorites.add(tx, slug, c.var.userId))
      return shown(c, await articles.bySlug(database, slug, c.var.userId))
    })
    .delete('/articles/:slug/favorite', required, async (c) => {
      const slug = c.req.param('slug')
      await database.once((tx) => favorites.remove(tx, slug, c.var.userId))
      return shown(c, await articles.bySlug(database, slug, c.var.userId))
    })
}
