// Articles: reading, listing and writing. A list reads one page from the end of the index that its filter has, and takes
// the number of all matches from a count that the database keeps (migration 0003). Only filters that are combined count
// their matches, among what one person wrote or favours.

import { fragment, type Fragment } from 'pando/database'
import {
  listArticles,
  summaryColumns,
  toSummary,
  windowOf,
  withinTotal,
  type Article,
  type ArticleList,
} from './article-view.ts'
import { unlessGone } from './conflicts.ts'
import { lookup, type Page, type Queryable, type Viewer } from './queryable.ts'
import { slugFor } from './slug.ts'

export type { Article, ArticleList, ArticleSummary } from './article-view.ts'

/** All that are given must hold. */
export interface ArticleFilter {
  readonly tag?: string | undefined
  /** User name of who wrote it. */
  readonly author?: string | undefined
  /** User name of who has it among the favourites. */
  readonly favorited?: string | undefined
}

export interface NewArticle {
  readonly title: string
  readonly description: string
  readonly body: string
  /** Without repetitions, in the author's order. */
  readonly tagList: readonly string[]
}

/** An absent key keeps what is there. */
export type ArticleChanges = { readonly [Key in keyof NewArticle]?: NewArticle[Key] | undefined }

/** Newest first. A filter that names nothing known matches nothing. */
export function list(db: Queryable, filter: ArticleFilter, page: Page, viewer: Viewer): Promise<ArticleList> {
  return listArticles(db, matching(filter, page), viewer)
}

export async function bySlug(db: Queryable, slug: string, viewer: Viewer): Promise<Article | undefined> {
  const rows = await db.sql<Parameters<typeof toSummary>[0] & { body: string }>`
    select a.body, ${summaryColumns(viewer)}
    from articles a join users u on u.id = a.author_id where a.slug = ${lookup(slug)}`
  const row = rows[0]
  return row && { ...toSummary(row), body: row.body }
}

/** The random part of a slug has 48 bits: a second collision in a row is not luck. */
const SLUG_ATTEMPTS = 3

/** What is needed to show an article that was written. */
export interface Saved {
  readonly slug: string
}

/** @throws UserGone */
export async function create(db: Queryable, authorId: number, article: NewArticle): Promise<Saved> {
  for (let attempt = 1; attempt <= SLUG_ATTEMPTS; attempt += 1) {
    const slug = slugFor(article.title)
    const rows = await unlessGone(
      () => db.sql`
        insert into articles (slug, author_id, title, description, body, tag_list)
        values (${slug}, ${authorId}, ${article.title}, ${article.description}, ${article.body},
          ${article.tagList}::text[])
        on conflict (slug) do nothing returning 1`,
    )
    if (rows.length === 1) return { slug }
  }
  throw new Error('no free slug was found')
}

/** Why a write by somebody did not happen. */
export type Refused = 'not found' | 'forbidden'

/** Changes an article of `authorId`, whose address (slug) stays what it was so that links go on working. */
export async function update(
  db: Queryable,
  slug: string,
  authorId: number,
  changes: ArticleChanges,
): Promise<Saved | Refused> {
  const { title, description, body, tagList } = changes
  // A timestamp that moves even when the clock does not: two updates in one millisecond still differ.
  const rows = await db.sql<Written>`
    with written as (
      update articles set
        title = coalesce(${title ?? null}, title),
        description = coalesce(${description ?? null}, description),
        body = coalesce(${body ?? null}, body),
        tag_list = coalesce(${tagList ?? null}::text[], tag_list),
        updated_at = greatest(clock_timestamp(), updated_at + interval '1 millisecond')
      where slug = ${lookup(slug)} and author_id = ${authorId}
      returning id
    )
    select author_id as author, exists (select from written) as written
    from articles where slug = ${lookup(slug)}`
  return refusalOf(rows[0], authorId) ?? { slug }
}

/** Deletes an article of `authorId` with its comments and favourites. */
export async function remove(db: Queryable, slug: string, authorId: number): Promise<'removed' | Refused> {
  const rows = await db.sql<Written>`
    with written as (delete from articles where slug = ${lookup(slug)} and author_id = ${authorId} returning id)
    select author_id as author, exists (select from written) as written
    from articles where slug = ${lookup(slug)}`
  return refusalOf(rows[0], authorId) ?? 'removed'
}

interface Written {
  readonly author: number
  readonly written: boolean
}

function refusalOf(row: Written | undefined, authorId: number): Refused | undefined {
  if (row?.written === true) return undefined
  // Their own and not written: another request deleted it between this statement's snapshot and its turn.
  return row === undefined || row.author === authorId ? 'not found' : 'forbidden'
}

/** `total (n)` and `page (id)` of a filter, for `listArticles`. */
function matching(filter: ArticleFilter, page: Page): Fragment {
  const { tag, author, favorited } = filter
  const filters = [tag, author, favorited].filter((value) => value !== undefined).length
  if (filters > 1) return matchingSeveral(filter, page)
  if (tag !== undefined) {
    return counted(
      fragment`select coalesce((select articles_count from tags where name = ${lookup(tag)}), 0)`,
      fragment`select article_id as id from article_tags where tag_id = ${tagId(tag)}`,
      page,
    )
  }
  if (author !== undefined) {
    return counted(
      fragment`select coalesce((select articles_count from users where lower(username) = lower(${lookup(author)})), 0)`,
      fragment`select id from articles where author_id = ${userId(author)}`,
      page,
    )
  }
  if (favorited !== undefined) {
    return counted(
      fragment`select count(*)::integer from favorites where user_id = ${userId(favorited)}`,
      fragment`select article_id as id from favorites where user_id = ${userId(favorited)}`,
      page,
    )
  }
  return counted(
    fragment`select sum(articles_count)::integer from totals`,
    fragment`select id from articles where true`,
    page,
  )
}

const tagId = (name: string): Fragment => fragment`(select id from tags where name = ${lookup(name)})`
const userId = (name: string): Fragment =>
  fragment`(select id from users where lower(username) = lower(${lookup(name)}))`

/** One index answers the page. */
function counted(total: Fragment, ids: Fragment, page: Page): Fragment {
  return fragment`
    total (n) as materialized (${total}),
    page as materialized (
      ${ids} and ${withinTotal(page)} order by id desc ${windowOf(page)}
    )`
}

/** Walks what one person favours, or else wrote, and keeps what passes the other filters. */
function matchingSeveral({ tag, author, favorited }: ArticleFilter, page: Page): Fragment {
  const start =
    favorited === undefined
      ? fragment`select a.id from articles a where true`
      : fragment`
          select a.id from favorites f join articles a on a.id = f.article_id
          where f.user_id = ${userId(favorited)}`
  const byAuthor = author === undefined ? fragment`` : fragment`and a.author_id = ${userId(author)}`
  const byTag =
    tag === undefined
      ? fragment``
      : fragment`and exists (
          select from article_tags t where t.article_id = a.id and t.tag_id = ${tagId(tag)}
        )`
  return fragment`
    matching as materialized (${start} ${byAuthor} ${byTag}),
    total (n) as (select count(*)::integer from matching),
    page as (select id from matching order by id desc ${windowOf(page)})`
}
