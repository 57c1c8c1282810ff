// One page of an article list: reads the page number, loads, and sends a visitor who asks for a page that does not
// exist to the nearest one that does.

import type { ArticleList } from '../data/articles.ts'
import type { Page } from '../data/queryable.ts'
import type { ArticleList as ArticleListView } from './views/article-list.ts'
import { pagePath } from './views/pagination.ts'
import type { PageContext } from './visitor.ts'

export const PAGE_SIZE = 10

/** A page number as it stands in an address: 1 to 9,999,999. Absent is 1; anything else is undefined. */
export function pageNumber(text: string | undefined): number | undefined {
  if (text === undefined) return 1
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : undefined
}

export interface ListRequest {
  /** Path of the list's first page. */
  readonly path: string
  readonly empty: string
  readonly load: (page: Page) => Promise<ArticleList>
}

/** The list to show, or the redirect to send. */
export async function readList(
  c: PageContext,
  { path, empty, load }: ListRequest,
): Promise<ArticleListView | Response> {
  const page = pageNumber(c.req.query('page'))
  if (page === undefined) return c.redirect(path, 302)
  const { articles, articlesCount } = await load({ limit: PAGE_SIZE, offset: (page - 1) * PAGE_SIZE })
  const pages = Math.max(1, Math.ceil(articlesCount / PAGE_SIZE))
  if (page > pages) return c.redirect(pagePath(path, pages), 302)
  return { articles, page, pages, path, empty }
}
