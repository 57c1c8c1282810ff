// Who looks at a page. The session cookie names a user; the user is read again for every page, so a deleted account
// or a changed name shows at once.

import type { Context, MiddlewareHandler } from 'hono'
import type { User } from '../data/users.ts'
import { byId } from '../data/users.ts'
import type { PageDeps } from './deps.ts'
import { localPath, loginPath } from './paths.ts'

export interface Visitor extends User {
  /** For scripts that use the API in this visitor's name. */
  readonly token: string
}

/** What every page handler finds in its context. */
export interface PageEnv {
  Variables: { visitor: Visitor | undefined }
}

export type PageContext<Path extends string = string> = Context<PageEnv, Path>

/** Finds the visitor before the page is made. */
export function identify({ database, sessions, tokens }: PageDeps): MiddlewareHandler<PageEnv> {
  return async (c, next) => {
    const session = await sessions.current()
    const user =
      session === undefined || session.userId === null
        ? undefined
        : await byId(database, Number(session.userId))
    c.set('visitor', user && { ...user, token: await tokens.issue(user.id) })
    await next()
  }
}

/** Lets only somebody logged in pass; anybody else is sent to log in and comes back afterwards. */
export const loggedIn: MiddlewareHandler<PageEnv> = async (c, next) => {
  if (c.var.visitor !== undefined) return next()
  return c.redirect(loginPath(c.req.method === 'GET' ? c.req.path : cameFrom(c, '/')), 303)
}

/** The visitor of a route behind `loggedIn`. */
export function visitorOf(c: Context<PageEnv>): Visitor {
  const { visitor } = c.var
  if (visitor === undefined) throw new Error('the route is not behind loggedIn')
  return visitor
}

/** The page of this site whose form or link led here, or `otherwise`. */
export function cameFrom(c: Context<PageEnv>, otherwise: string): string {
  const referer = c.req.header('referer')
  if (referer === undefined || !URL.canParse(referer)) return otherwise
  const { host, pathname, search } = new URL(referer)
  return host === c.req.header('host') ? localPath(pathname + search, otherwise) : otherwise
}
