// What every page says to the browser. Nothing inline runs and nothing foreign is loaded except pictures, which people
// may link from anywhere over https; nobody may frame the site; and a page for somebody logged in is never stored.

import type { MiddlewareHandler } from 'hono'

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' https:",
  "connect-src 'self'",
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'strict-origin-when-cross-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
}

/** Sets them where the answer has none of its own, as assets and uploads do. */
export const securityHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(HEADERS)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  }
  // The safe answer for a page that forgot to say.
  if (!c.res.headers.has('cache-control')) c.res.headers.set('cache-control', 'private, no-store')
}
