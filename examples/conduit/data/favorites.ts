import { unlessGone } from './conflicts.ts'
import { lookup, type Queryable } from './queryable.ts'

/** Favouring twice is favouring once; the count is exact. Nothing happens without such an article. @throws UserGone */
export async function add(db: Queryable, slug: string, userId: number): Promise<void> {
  await unlessGone(
    () => db.sql`
      insert into favorites (article_id, user_id)
      select id, ${userId}::integer from articles where slug = ${lookup(slug)} for key share
      on conflict do nothing`,
  )
}

export async function remove(db: Queryable, slug: string, userId: number): Promise<void> {
  // The article before the favourite, as deleting an article takes them: otherwise the two block each other.
  await db.sql`
    with article as (select id from articles where slug = ${lookup(slug)} for no key update)
    delete from favorites where user_id = ${userId} and article_id = (select id from article)`
}
