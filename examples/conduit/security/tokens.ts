// The tokens of the API: signed (JWT, HS256), for one user by id, so that a changed name or address leaves them valid.
// They carry no rights of their own and end by themselves.

import { sign, verify } from 'hono/jwt'

/** Thirty days, in seconds, as JWT counts (RFC 7519 §2, NumericDate). */
const LIFETIME_SECONDS = 30 * 24 * 60 * 60
const ISSUER = 'conduit'

export type TokenCheck = { readonly userId: number } | { readonly problem: 'is invalid' | 'has expired' }

export interface Tokens {
  issue(userId: number): Promise<string>
  check(token: string): Promise<TokenCheck>
}

export function createTokens(secret: string): Tokens {
  return {
    issue(userId) {
      const now = Math.floor(Date.now() / 1000)
      return sign(
        { iss: ISSUER, sub: String(userId), iat: now, exp: now + LIFETIME_SECONDS },
        secret,
        'HS256',
      )
    },
    async check(token) {
      try {
        const { sub, exp } = await verify(token, secret, { alg: 'HS256', iss: ISSUER })
        const userId = Number(sub)
        const isId = typeof sub === 'string' && /^[1-9]\d{0,9}$/.test(sub) && userId < 2 ** 31
        // A token without an end is not one of ours.
        return isId && typeof exp === 'number' ? { userId } : { problem: 'is invalid' }
      } catch (error) {
        const expired = error instanceof Error && error.name === 'JwtTokenExpired'
        return { problem: expired ? 'has expired' : 'is invalid' }
      }
    },
  }
}
