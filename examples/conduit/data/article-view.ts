// How an article looks to a viewer, and how a page of article ids becomes a list of them: always one statement, with no
// query per row.

import { fragment, type Fragment } from 'pando/database'
import type { Profile } from './profiles.ts'
import type { Page, Queryable, Viewer } from './queryable.ts'

/** An article as lists show it. */
export interface ArticleSummary {
  readonly slug: string
  readonly title: string
  readonly description: string
  /** In the author's order. */
  readonly tagList: readonly string[]
  readonly createdAt: Date
  readonly updatedAt: Date
  /** Whether the viewer has it among the favourites. */
  readonly favorited: boolean
  readonly favoritesCount: number
  readonly author: Profile
}

export interface Article extends ArticleSummary {
  readonly body: string
}

export interface ArticleList {
  readonly articles: readonly ArticleSummary[]
  /** All matches, whatever the page. */
  readonly articlesCount: number
}

type SummaryRow = Omit<ArticleSummary, 'author'> & Profile

/** Columns of a summary, from `articles a` and `users u`. */
export function summaryColumns(viewer: Viewer): Fragment {
  return fragment`
    a.slug, a.title, a.description, a.tag_list as "tagList",
    a.created_at as "createdAt", a.updated_at as "updatedAt", a.favorites_count as "favoritesCount",
    exists (
      select from favorites f where f.article_id = a.id and f.user_id = ${viewer}::integer
    ) as favorited,
    u.username, u.bio, u.image,
    exists (
      select from follows f where f.follower_id = ${viewer}::integer and f.followee_id = u.id
    ) as following`
}

export function toSummary(row: SummaryRow): ArticleSummary {
  return {
    slug: row.slug,
    title: row.title,
    description: row.description,
    tagList: row.tagList,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    favorited: row.favorited,
    favoritesCount: row.favoritesCount,
    author: { username: row.username, bio: row.bio, image: row.image, following: row.following },
  }
}

/** The page sizes of our own clients, as text. */
const FIRST_PAGE: Readonly<Record<number, Fragment>> = {
  10: fragment`limit 10`,
  20: fragment`limit 20`,
}

/**
 * The window of a page. A first page is written out, because PostgreSQL reuses a plan only when it knows how little
 * is wanted: with a parameter it plans for a tenth of the table, finds that dear, and plans anew each time, which took
 * longer than the query itself (0.5 ms of 0.9 ms).
 */
export function windowOf({ limit, offset }: Page): Fragment {
  return (offset === 0 ? FIRST_PAGE[limit] : undefined) ?? fragment`limit ${limit} offset ${offset}`
}

/** Nothing is read for a page beyond the last match. */
export function withinTotal({ offset }: Page): Fragment {
  return offset === 0 ? fragment`true` : fragment`(select n from total) > ${offset}::integer`
}

/**
 * A page of articles, newest first. `definitions` are common table expressions that make `total (n)` and
 * `page (id)`, one row and at most a page of ids. The total is answered even when the page is empty.
 */
export async function listArticles(
  db: Queryable,
  definitions: Fragment,
  viewer: Viewer,
): Promise<ArticleList> {
  const rows = await db.sql<SummaryRow & { id: number | null; total: number }>`
    with ${definitions}
    select total.n as total, shown.*
    from total left join lateral (
      select a.id, ${summaryColumns(viewer)}
      from page join articles a on a.id = page.id join users u on u.id = a.author_id
    ) shown on true
    order by shown.id desc`
  return {
    articles: rows.filter((row) => row.id !== null).map(toSummary),
    articlesCount: rows[0]!.total,
  }
}
