// Who asks. A route either needs to know (401 before anything else is looked at) or would like to.

import type { MiddlewareHandler } from 'hono'
import type { Tokens } from '../security/tokens.ts'
import type { Viewer } from '../data/queryable.ts'
import { refuse } from './answer.ts'

export interface ViewerEnv {
  Variables: { viewer: Viewer }
}

export interface UserEnv {
  Variables: { userId: number }
}

/** The token of `Authorization: Token …` or `Bearer …`; undefined for none and for other schemes. */
function tokenOf(header: string | undefined): string | undefined {
  return /^(?:token|bearer) +(\S.*)$/i.exec(header?.trim() ?? '')?.[1]
}

/** Somebody with an invalid token is a visitor, so that an old token in a browser does not lock out reading. */
export function viewerIfKnown(tokens: Tokens): MiddlewareHandler<ViewerEnv> {
  return async (c, next) => {
    const token = tokenOf(c.req.header('authorization'))
    const checked = token === undefined ? undefined : await tokens.check(token)
    c.set('viewer', checked !== undefined && 'userId' in checked ? checked.userId : null)
    await next()
  }
}

export function userRequired(tokens: Tokens): MiddlewareHandler<UserEnv> {
  return async (c, next) => {
    const token = tokenOf(c.req.header('authorization'))
    if (token === undefined) return refuse(c, 401, { token: ['is missing'] })
    const checked = await tokens.check(token)
    if ('problem' in checked) return refuse(c, 401, { token: [checked.problem] })
    c.set('userId', checked.userId)
    return next()
  }
}
