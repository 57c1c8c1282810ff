// The server-rendered half of Conduit: a complete application for every path outside `/api`. Plain forms that answer
// with a redirect (303); every page works without JavaScript.

import { Hono } from 'hono'
import type { PageDeps } from './deps.ts'
import { formLimit } from './form.ts'
import { fromThisSite } from './from-this-site.ts'
import { recover, refuse } from './refusals.ts'
import { articleRoutes, editorRoutes } from './routes/articles.ts'
import { authRoutes } from './routes/auth.ts'
import { avatarFiles, avatarUploads } from './routes/avatars.ts'
import { commentRoutes } from './routes/comments.ts'
import { homeRoutes } from './routes/home.ts'
import { profileRoutes } from './routes/profiles.ts'
import { settingsRoutes } from './routes/settings.ts'
import { securityHeaders } from './security-headers.ts'
import { staticAssets } from './static-assets.ts'
import { identify, type PageEnv } from './visitor.ts'

export type { PageDeps } from './deps.ts'

/**
 * Gives the pages as an application of its own, with its own "not found" and error pages: call its `fetch` for every
 * request whose path is not the API's.
 */
export function createPages(deps: PageDeps): Hono<PageEnv> {
  const pages = new Hono<PageEnv>()
  pages.use(securityHeaders)
  pages.route('/', staticAssets())
  pages.route('/', avatarFiles(deps))
  pages.use(identify(deps))
  pages.use(fromThisSite)
  // Takes its own body, larger than a form and never whole in memory; so it stands before the limit for forms.
  pages.route('/', avatarUploads(deps))
  pages.use(formLimit)
  for (const routes of [homeRoutes, authRoutes, editorRoutes, articleRoutes, commentRoutes]) {
    pages.route('/', routes(deps))
  }
  pages.route('/', profileRoutes(deps))
  pages.route('/', settingsRoutes(deps))
  pages.notFound((c) => refuse(c, 'no page'))
  pages.onError(recover(deps))
  return pages
}
