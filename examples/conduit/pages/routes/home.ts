// `/`, `/?feed=following`, `/tag/:tag`.

import { Hono } from 'hono'
import { list } from '../../data/articles.ts'
import { feed as followed } from '../../data/feed.ts'
import { popular } from '../../data/tags.ts'
import type { PageDeps } from '../deps.ts'
import { readList, type ListRequest } from '../lists.ts'
import { loginPath, tagPath } from '../paths.ts'
import { render } from '../render.ts'
import { homeView, type Feed } from '../views/home.ts'
import type { PageContext, PageEnv } from '../visitor.ts'

const POPULAR_TAGS = 20

export function homeRoutes({ database }: PageDeps): Hono<PageEnv> {
  const home = async (c: PageContext, feed: Feed, request: ListRequest): Promise<Response> => {
    const articles = await readList(c, request)
    if (articles instanceof Response) return articles
    const tags = await popular(database, POPULAR_TAGS)
    const title = feed.kind === 'tag' ? { title: `#${feed.tag}` } : {}
    return render(c, title, homeView({ feed, list: articles, tags, loggedIn: c.var.visitor !== undefined }))
  }

  return new Hono<PageEnv>()
    .get('/', async (c) => {
      const { visitor } = c.var
      if (c.req.query('feed') !== 'following') {
        return home(
          c,
          { kind: 'global' },
          {
            path: '/',
            empty: 'No articles are here... yet.',
            load: (page) => list(database, {}, page, visitor?.id ?? null),
          },
        )
      }
      const path = '/?feed=following'
      if (visitor === undefined) return c.redirect(loginPath(path), 302)
      return home(
        c,
        { kind: 'following' },
        {
          path,
          empty: 'Your feed is empty. Follow some people to see what they write here.',
          load: (page) => followed(database, visitor.id, page),
        },
      )
    })
    .get('/tag/:tag', (c) => {
      const tag = c.req.param('tag')
      return home(
        c,
        { kind: 'tag', tag },
        {
          path: tagPath(tag),
          empty: 'No articles are here... yet.',
          load: (page) => list(database, { tag }, page, c.var.visitor?.id ?? null),
        },
      )
    })
}
