import { lookup, type Queryable, type Viewer } from './queryable.ts'
import { unlessGone } from './conflicts.ts'

export interface Profile {
  readonly username: string
  readonly bio: string | null
  readonly image: string | null
  /** Whether the viewer follows this person. */
  readonly following: boolean
}

/** The person of this name, in whatever case. */
export async function byUsername(
  db: Queryable,
  username: string,
  viewer: Viewer,
): Promise<Profile | undefined> {
  const rows = await db.sql<Profile>`
    select username, bio, image, exists (
      select from follows where follower_id = ${viewer}::integer and followee_id = users.id
    ) as following
    from users where lower(username) = lower(${lookup(username)})`
  return rows[0]
}

/** Following twice is following once. Undefined when there is no such person. @throws UserGone */
export async function follow(db: Queryable, viewer: number, username: string): Promise<Profile | undefined> {
  await unlessGone(
    () => db.sql`
      insert into follows (follower_id, followee_id)
      select ${viewer}::integer, id from users where lower(username) = lower(${lookup(username)}) for key share
      on conflict do nothing`,
  )
  return byUsername(db, username, viewer)
}

export async function unfollow(
  db: Queryable,
  viewer: number,
  username: string,
): Promise<Profile | undefined> {
  await db.sql`
    delete from follows
    where follower_id = ${viewer}
      and followee_id = (select id from users where lower(username) = lower(${lookup(username)}))`
  return byUsername(db, username, viewer)
}
