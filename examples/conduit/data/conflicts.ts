// What the database refuses, told by its constraints. Nothing is asked beforehand: between a question and a write
// somebody else may write, and the constraint is what decides in the end.

/** Unique violation and foreign key violation (PostgreSQL, appendix A). */
const UNIQUE = '23505'
const FOREIGN_KEY = '23503'

/** Somebody else has this user name or e-mail address. */
export class Taken extends Error {
  override readonly name = 'Taken'
  readonly field: 'username' | 'email'

  constructor(field: 'username' | 'email', options?: ErrorOptions) {
    super(`the ${field} has already been taken`, options)
    this.field = field
  }
}

/** The logged-in user exists no longer. */
export class UserGone extends Error {
  override readonly name = 'UserGone'
}

interface Refusal {
  readonly code?: unknown
  readonly constraint?: unknown
  readonly cause?: Refusal
}

/** The driver's error itself, or the one that a wrapper names as its cause. */
function refusal(error: unknown): Refusal {
  const outer = (error ?? {}) as Refusal
  if (typeof outer.constraint === 'string') return outer
  return outer.cause ?? outer
}

/** Runs a write to `users`. @throws Taken */
export async function refusingTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const { code, constraint } = refusal(error)
    if (code === UNIQUE && constraint === 'users_username_unique')
      throw new Taken('username', { cause: error })
    if (code === UNIQUE && constraint === 'users_email_unique') throw new Taken('email', { cause: error })
    throw error
  }
}

const USER_MISSING = new Set([
  'articles_author_exists',
  'comments_author_exists',
  'favorites_user_exists',
  'follows_follower_exists',
])

/**
 * Runs a write by somebody who may vanish meanwhile. What it is written to is locked by the write itself (`for key
 * share`), because an error would take the whole transaction with it.
 * @throws UserGone
 */
export async function unlessGone<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write()
  } catch (error) {
    const { code, constraint } = refusal(error)
    if (code === FOREIGN_KEY && USER_MISSING.has(String(constraint)))
      throw new UserGone('the user exists no longer', { cause: error })
    throw error
  }
}
