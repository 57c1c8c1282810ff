// The feed: what the people one follows wrote, newest first. It is made when it is read, so a person who was followed a
// moment ago is in it with everything they ever wrote.

import { fragment } from 'pando/database'
import { listArticles, windowOf, withinTotal, type ArticleList } from './article-view.ts'
import type { Page, Queryable } from './queryable.ts'

/**
 * Merges the newest articles of each followed author, at most a page of each: the work depends on how many people
 * the viewer follows and on the page, and not on how much they or others wrote.
 */
export function feed(db: Queryable, viewer: number, page: Page): Promise<ArticleList> {
  const ofEach = windowOf({ limit: page.limit + page.offset, offset: 0 })
  return listArticles(
    db,
    fragment`
      followed as materialized (
        select users.id, users.articles_count
        from follows join users on users.id = follows.followee_id
        where follows.follower_id = ${viewer} and users.articles_count > 0
      ),
      total (n) as materialized (select coalesce(sum(articles_count), 0)::integer from followed),
      page as materialized (
        select newest.id
        from followed cross join lateral (
          select id from articles where author_id = followed.id order by id desc ${ofEach}
        ) newest
        where ${withinTotal(page)}
        order by newest.id desc ${windowOf(page)}
      )`,
    viewer,
  )
}
