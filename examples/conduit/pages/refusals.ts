// The pages for what cannot be shown or done, and the last resort for errors nobody expected. A visitor learns what
// happened and where to go on; the log learns the rest.

import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { HTTPException } from 'hono/http-exception'
import { refusalOf } from 'pando/web'
import { UserGone } from '../data/conflicts.ts'
import type { PageDeps } from './deps.ts'
import { render } from './render.ts'
import { errorPage } from './views/error-page.ts'
import type { PageContext } from './visitor.ts'

interface Refusal {
  readonly status: ContentfulStatusCode
  readonly title: string
  readonly explanation: string
}

const REFUSALS = {
  'no page': { status: 404, title: 'Page not found', explanation: 'There is no page at this address.' },
  'no article': {
    status: 404,
    title: 'Article not found',
    explanation: 'There is no article at this address. Its author may have deleted it.',
  },
  'no profile': {
    status: 404,
    title: 'Profile not found',
    explanation: 'There is nobody of this name here.',
  },
  forbidden: {
    status: 403,
    title: 'Not allowed',
    explanation: 'Only its author may do that. If this is you, log in with the account that wrote it.',
  },
  'other site': {
    status: 403,
    title: 'Not allowed',
    explanation:
      'This form was sent from another site, so nothing was done. Please use the form on the page itself.',
  },
  'too large': {
    status: 413,
    title: 'Too large',
    explanation: 'What was sent is larger than a form may be, so nothing was saved.',
  },
  'bad request': {
    status: 400,
    title: 'Not understood',
    explanation: 'What was sent could not be read, so nothing was done. Please go back and try again.',
  },
  broken: {
    status: 500,
    title: 'Something went wrong',
    explanation: 'The page could not be made. Please try again in a moment.',
  },
} as const satisfies Record<string, Refusal>

export function refuse(c: PageContext, why: keyof typeof REFUSALS): Response | Promise<Response> {
  const { status, title, explanation } = REFUSALS[why]
  return render(c, { title, status }, errorPage(title, explanation))
}

const BY_STATUS: ReadonlyMap<number, keyof typeof REFUSALS> = new Map([
  [403, 'other site'],
  [413, 'too large'],
])

export interface RecoverDeps {
  readonly sessions: Pick<PageDeps['sessions'], 'destroy'>
  readonly log: PageDeps['log']
}

/** Answers for an error that a handler let pass. */
export function recover({ sessions, log }: RecoverDeps) {
  return async (error: Error, c: PageContext): Promise<Response> => {
    if (error instanceof HTTPException)
      return refuse(c, BY_STATUS.get(error.status) ?? (error.status < 500 ? 'bad request' : 'broken'))
    if (error instanceof UserGone) {
      await sessions.destroy()
      return c.redirect('/login', 303)
    }
    // Which errors pass by themselves, and which of them may be told of, the platform knows.
    const { status, message, retryAfterSeconds } = refusalOf(error, c.req.method)
    if (status >= 500) log.error({ error, path: c.req.path, status }, 'a page failed')
    if (status === 500) return refuse(c, 'broken')
    if (retryAfterSeconds !== undefined) c.header('retry-after', String(retryAfterSeconds))
    const { title } = REFUSALS.broken
    return render(c, { title, status: status as ContentfulStatusCode }, errorPage(title, message))
  }
}
