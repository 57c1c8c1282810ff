// The session's cookie: its name, how it is found in a request, and how it is set (RFC 6265bis).
//
// On an encrypted connection the name begins with `__Host-`. A browser then takes the cookie only from this very host,
// with Secure and Path=/, so neither a neighbouring subdomain nor somebody on the wire can plant one (§4.1.3.2).

import type { SessionsSettings } from './config.ts'

export type CookieSettings = Pick<SessionsSettings, 'cookieName' | 'secure' | 'sameSite'>

export interface CookieKind {
  readonly name: string
  readonly isSecure: boolean
  readonly sameSite: CookieSettings['sameSite']
}

/** The cookie for a request whose own connection is encrypted, or is not. */
export function cookieKind(settings: CookieSettings, requestIsSecure: boolean): CookieKind {
  const isSecure = settings.secure === 'always' || (settings.secure === 'auto' && requestIsSecure)
  const name = isSecure ? `__Host-${settings.cookieName}` : settings.cookieName
  return { name, isSecure, sameSite: settings.sameSite }
}

// A browser sends one; more come from neighbours that set the same name. Beyond this somebody is playing games.
const MAX_CANDIDATES = 8

/**
 * The different values of the cookies called `name` in a Cookie header, in the order sent. Empty when there are more
 * than 8: none of them can be trusted then.
 */
export function cookieValues(header: string | undefined, name: string): readonly string[] {
  if (header === undefined) return []
  const found = new Set<string>()
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    found.add(unquoted(pair.slice(equals + 1).trim()))
    if (found.size > MAX_CANDIDATES) return []
  }
  return [...found]
}

/** A server may have sent the value in quotes (§4.1.1), and intermediaries add them. */
function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
}

const SAME_SITE = { lax: 'Lax', strict: 'Strict', none: 'None' } as const

/** A Set-Cookie header that the browser keeps for `maxAgeMs`, rounded up to seconds. */
export function setCookie(kind: CookieKind, value: string, maxAgeMs: number): string {
  const attributes = ['Path=/', `Max-Age=${Math.max(0, Math.ceil(maxAgeMs / 1000))}`, 'HttpOnly']
  if (kind.isSecure) attributes.push('Secure')
  attributes.push(`SameSite=${SAME_SITE[kind.sameSite]}`)
  return `${kind.name}=${value}; ${attributes.join('; ')}`
}

/** A Set-Cookie header that makes the browser forget the cookie. */
export function clearCookie(kind: CookieKind): string {
  return setCookie(kind, '', 0)
}
