// Sends a page: the view inside the frame, and how long it may be kept.

import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Html } from './views/html.ts'
import { layout } from './views/layout.ts'
import type { PageContext } from './visitor.ts'

export interface PageHead {
  readonly title?: string
  readonly description?: string
  readonly status?: ContentfulStatusCode
}

export function render(c: PageContext, head: PageHead, content: Html): Response | Promise<Response> {
  const { status = 200, ...rest } = head
  const { visitor } = c.var
  // What somebody logged in sees is theirs, and holds their token. What everybody sees may be kept and asked about.
  c.header('cache-control', visitor === undefined && status === 200 ? 'no-cache' : 'private, no-store')
  c.header('vary', 'cookie')
  return c.html(layout({ ...rest, path: c.req.path, visitor }, content), status)
}
