// `/profile/:name`, its favourites, and following.

import { Hono } from 'hono'
import { list, type ArticleFilter } from '../../data/articles.ts'
import { byUsername, follow, unfollow, type Profile } from '../../data/profiles.ts'
import type { PageDeps } from '../deps.ts'
import { readList } from '../lists.ts'
import { profilePath } from '../paths.ts'
import { refuse } from '../refusals.ts'
import { render } from '../render.ts'
import { followForm } from '../views/favorite.ts'
import { profileView, type ProfileView } from '../views/profile.ts'
import { cameFrom, loggedIn, visitorOf, type PageContext, type PageEnv } from '../visitor.ts'

const LISTS = {
  written: {
    path: (name: string): string => profilePath(name),
    filter: (name: string): ArticleFilter => ({ author: name }),
    empty: 'No articles are here... yet.',
  },
  favorites: {
    path: (name: string): string => `${profilePath(name)}/favorites`,
    filter: (name: string): ArticleFilter => ({ favorited: name }),
    empty: 'No favorite articles are here... yet.',
  },
} as const

export function profileRoutes({ database }: PageDeps): Hono<PageEnv> {
  const show = async (c: PageContext, name: string, shows: ProfileView['shows']): Promise<Response> => {
    const viewer = c.var.visitor?.id ?? null
    const { path, filter, empty } = LISTS[shows]
    const [profile, articles] = await Promise.all([
      byUsername(database, name, viewer),
      readList(c, { path: path(name), empty, load: (page) => list(database, filter(name), page, viewer) }),
    ])
    if (profile === undefined) return refuse(c, 'no profile')
    if (articles instanceof Response) return articles
    const own = c.var.visitor?.username === profile.username
    return render(c, { title: profile.username }, profileView({ profile, own, shows, list: articles }))
  }
  const followed = (c: PageContext, profile: Profile | undefined): Response | Promise<Response> => {
    if (profile === undefined) return refuse(c, 'no profile')
    if (c.req.header('x-part') !== undefined) return c.html(followForm(profile))
    return c.redirect(cameFrom(c, profilePath(profile.username)), 303)
  }

  return new Hono<PageEnv>()
    .get('/profile/:name', (c) => show(c, c.req.param('name'), 'written'))
    .get('/profile/:name/favorites', (c) => show(c, c.req.param('name'), 'favorites'))
    .post('/profile/:name/follow', loggedIn, async (c) =>
      followed(c, await database.once((tx) => follow(tx, visitorOf(c).id, c.req.param('name')))),
    )
    .post('/profile/:name/unfollow', loggedIn, async (c) =>
      followed(c, await database.once((tx) => unfollow(tx, visitorOf(c).id, c.req.param('name')))),
    )
}
