import { unlessGone } from './conflicts.ts'
import type { Profile } from './profiles.ts'
import { lookup, type Queryable, type Viewer } from './queryable.ts'

export interface Comment {
  /** Below 2^53. */
  readonly id: number
  readonly body: string
  readonly createdAt: Date
  readonly updatedAt: Date
  readonly author: Profile
}

type CommentRow = Omit<Comment, 'author'> & Profile & { readonly commented: boolean }

/** Most comments that one answer holds. Older ones are reached with `before`. */
export const COMMENTS_MAX = 1000

/**
 * Comments of an article, newest first: the last `COMMENTS_MAX`, or those with a smaller id than `before`.
 * Undefined when there is no such article.
 */
export async function list(
  db: Queryable,
  slug: string,
  viewer: Viewer,
  before: number = Number.MAX_SAFE_INTEGER,
): Promise<readonly Comment[] | undefined> {
  const rows = await db.sql<CommentRow>`
    select c.id is not null as commented, c.*
    from articles a left join lateral (
      select c.id::float8 as id, c.body, c.created_at as "createdAt", c.updated_at as "updatedAt",
        u.username, u.bio, u.image, exists (
          select from follows f where f.follower_id = ${viewer}::integer and f.followee_id = u.id
        ) as following
      from comments c join users u on u.id = c.author_id
      where c.article_id = a.id and c.id < ${before}::bigint
      order by c.id desc limit ${COMMENTS_MAX}
    ) c on true
    where a.slug = ${lookup(slug)}
    order by c.id desc`
  if (rows.length === 0) return undefined
  return rows.filter((row) => row.commented).map(toComment)
}

/** Undefined when there is no such article. @throws UserGone */
export async function add(
  db: Queryable,
  slug: string,
  authorId: number,
  body: string,
): Promise<Comment | undefined> {
  const rows = await unlessGone(
    () => db.sql<CommentRow>`
      with added as (
        insert into comments (article_id, author_id, body)
        select id, ${authorId}::integer, ${body} from articles where slug = ${lookup(slug)} for key share
        returning id, author_id, body, created_at, updated_at
      )
      select true as commented, c.id::float8 as id, c.body,
        c.created_at as "createdAt", c.updated_at as "updatedAt",
        u.username, u.bio, u.image, exists (
          select from follows f where f.follower_id = u.id and f.followee_id = u.id
        ) as following
      from added c join users u on u.id = c.author_id`,
  )
  return rows[0] && toComment(rows[0])
}

/** Deletes a comment of `authorId` under this article. */
export async function remove(
  db: Queryable,
  slug: string,
  id: number,
  authorId: number,
): Promise<'removed' | 'no article' | 'no comment' | 'forbidden'> {
  const rows = await db.sql<{ author: number | null; removed: boolean }>`
    with removed as (
      delete from comments using articles
      where articles.slug = ${lookup(slug)} and comments.article_id = articles.id
        and comments.id = ${id}::bigint and comments.author_id = ${authorId}
      returning comments.id
    )
    select comments.author_id as author, exists (select from removed) as removed
    from articles left join comments on comments.article_id = articles.id and comments.id = ${id}::bigint
    where articles.slug = ${lookup(slug)}`
  const row = rows[0]
  if (row === undefined) return 'no article'
  if (row.removed) return 'removed'
  return row.author === null || row.author === authorId ? 'no comment' : 'forbidden'
}

function toComment(row: CommentRow): Comment {
  return {
    id: row.id,
    body: row.body,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
    author: { username: row.username, bio: row.bio, image: row.image, following: row.following },
  }
}
