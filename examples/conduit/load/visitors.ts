// The people of a run: a bounded pool that is logged in before the load begins, because a log-in costs the server a
// tenth of a second of hashing. Writers are the most active of the pool's order (Zipf 0.75); readers who are logged in
// are the same people in another order (Zipf 0.8), since those who read most and those who write most differ.

import { permutation, zipf, type Preparation, type Random } from 'pando/load'
import { emailOf, SEED_PASSWORD, usernameOf } from '../seed/names.ts'
import { SIZES, type Size, type SizeName } from '../seed/sizes.ts'
import { EXPONENTS, writersOf, type Skew } from './targets.ts'

export interface Visitor {
  readonly username: string
  readonly email: string
  readonly headers: Readonly<Record<string, string>>
}

export interface Visitors {
  writer(random: Random): Visitor
  reader(random: Random): Visitor
  /** The visitor of that name; logs in somebody who is not in the pool. */
  named(username: string): Promise<Visitor>
}

const LOGINS_AT_ONCE = 4

export async function logInVisitors(
  preparation: Preparation,
  size: Size,
  count: number,
  skew: Skew,
): Promise<Visitors> {
  const numbers = writersOf(size, count)
  const pool: Visitor[] = []
  for (let at = 0; at < numbers.length; at += LOGINS_AT_ONCE) {
    const some = numbers.slice(at, at + LOGINS_AT_ONCE)
    pool.push(...(await Promise.all(some.map((user) => logIn(preparation, usernameOf(user), emailOf(user))))))
    preparation.progress(`${pool.length} of ${numbers.length} people logged in`)
  }
  const others = new Map<string, Visitor>()
  const writerRank = zipf(pool.length, EXPONENTS[skew].writers)
  const readerRank = zipf(pool.length, EXPONENTS[skew].people)
  const readerOf = permutation(pool.length, 'readers')
  return {
    writer: (random) => pool[writerRank(random)]!,
    reader: (random) => pool[readerOf(readerRank(random))]!,
    async named(username) {
      const known = pool.find((visitor) => visitor.username === username) ?? others.get(username)
      if (known !== undefined) return known
      const visitor = await logIn(preparation, username, `${username}@conduit.example`)
      others.set(username, visitor)
      return visitor
    },
  }
}

async function logIn({ fetch }: Preparation, username: string, email: string): Promise<Visitor> {
  const answer = await fetch({
    method: 'POST',
    path: '/api/users/login',
    body: { user: { email, password: SEED_PASSWORD } },
  })
  if (answer.status !== 200) throw new Error(`${email} cannot log in (status ${answer.status})`)
  const { user } = answer.json() as { user: { token: string } }
  return { username, email, headers: { authorization: `Token ${user.token}` } }
}

/** The size given, or the largest whose last user exists. */
export async function sizeOf({ fetch }: Preparation, given: string): Promise<Size> {
  if (given !== 'auto') return SIZES[given as SizeName]
  for (const name of ['L', 'M', 'S'] as const) {
    const path = `/api/profiles/${usernameOf(SIZES[name].users - 1)}`
    if ((await fetch({ method: 'GET', path })).status === 200) return SIZES[name]
  }
  throw new Error('its database is not seeded; run `npm run seed -- --size S`')
}
