// Whatever changes something counts only when the browser says that it comes from this site: `Sec-Fetch-Site`, or else
// `Origin` with our host. Together with the session cookie's SameSite=Lax that is the defence against cross-site request
// forgery. Every content type is held to it: logging out, deleting and favouring need no body, so none says "a form".

import type { Context, MiddlewareHandler } from 'hono'
import { HTTPException } from 'hono/http-exception'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])

export const fromThisSite: MiddlewareHandler = async (c, next) => {
  if (!SAFE.has(c.req.method) && !isFromHere(c)) throw new HTTPException(403)
  await next()
}

function isFromHere(c: Context): boolean {
  const site = c.req.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin'
  // The scheme is left out of the comparison: behind a balancer that ends TLS ours says http and the browser's https.
  const host = URL.parse(c.req.header('origin') ?? '')?.host
  return host !== undefined && host === c.req.header('host')
}
