import type { Queryable } from './queryable.ts'
import { refusingTaken } from './conflicts.ts'

export interface User {
  readonly id: number
  readonly username: string
  readonly email: string
  readonly bio: string | null
  readonly image: string | null
}

export interface NewUser {
  readonly username: string
  readonly email: string
  readonly passwordHash: string
}

/** An absent key keeps what is there; null empties it. */
export interface UserChanges {
  readonly username?: string | undefined
  readonly email?: string | undefined
  readonly passwordHash?: string | undefined
  readonly bio?: string | null | undefined
  readonly image?: string | null | undefined
}

/** @throws Taken when the name or the address is in use, in whatever case. */
export async function register(db: Queryable, user: NewUser): Promise<User> {
  const rows = await refusingTaken(
    () => db.sql<User>`
      insert into users (username, email, password_hash)
      values (${user.username}, ${user.email}, ${user.passwordHash})
      returning id, username, email, bio, image`,
  )
  return rows[0]!
}

export async function byId(db: Queryable, id: number): Promise<User | undefined> {
  const rows = await db.sql<User>`select id, username, email, bio, image from users where id = ${id}`
  return rows[0]
}

/** For the login: the user with this address, in whatever case, and the hash to hold the password against. */
export async function credentials(
  db: Queryable,
  email: string,
): Promise<{ readonly user: User; readonly passwordHash: string } | undefined> {
  const rows = await db.sql<User & { password_hash: string }>`
    select id, username, email, bio, image, password_hash from users where lower(email) = lower(${email})`
  const row = rows[0]
  if (row === undefined) return undefined
  const { password_hash: passwordHash, ...user } = row
  return { user, passwordHash }
}

/**
 * Makes those who want one another's names or addresses take turns, in the order of their ids. Without it they would
 * block each other in the unique indexes, where no order can be chosen.
 */
export async function lockRivals(
  db: Queryable,
  id: number,
  { username, email }: Pick<UserChanges, 'username' | 'email'>,
): Promise<void> {
  await db.sql`
    select from users
    where id = ${id} or lower(username) = lower(${username ?? null}) or lower(email) = lower(${email ?? null})
    order by id for no key update`
}

/** The user as it then is, and the picture that it had before; undefined when there is none. @throws Taken */
export async function update(
  db: Queryable,
  id: number,
  changes: UserChanges,
): Promise<(User & { readonly replacedImage: string | null }) | undefined> {
  const { username, email, passwordHash, bio, image } = changes
  const rows = await refusingTaken(
    () => db.sql<User & { replacedImage: string | null }>`
      with before as (select id, image from users where id = ${id} for no key update)
      update users set
        username = coalesce(${username ?? null}, username),
        email = coalesce(${email ?? null}, email),
        password_hash = coalesce(${passwordHash ?? null}, password_hash),
        bio = case when ${bio !== undefined}::boolean then ${bio ?? null} else bio end,
        image = case when ${image !== undefined}::boolean then ${image ?? null} else users.image end
      from before where users.id = before.id
      returning users.id, username, email, bio, users.image, before.image as "replacedImage"`,
  )
  return rows[0]
}

/** Replaces a hash by a stronger one of the same password, unless the password was changed meanwhile. */
export async function rehash(db: Queryable, id: number, from: string, to: string): Promise<void> {
  await db.sql`update users set password_hash = ${to} where id = ${id} and password_hash = ${from}`
}
