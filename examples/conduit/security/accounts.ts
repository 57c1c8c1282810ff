// Registering, logging in and changing one's account, for the API and the pages alike.

import type { Database } from 'pando/database'
import type { z } from 'zod'
import type { DiscardAvatar } from '../data/avatars.ts'
import type { login, registration, userChanges } from '../data/input.ts'
import { Taken } from '../data/conflicts.ts'
import * as users from '../data/users.ts'
import type { User } from '../data/users.ts'
import type { Passwords } from './password.ts'

export interface Accounts {
  /** A repeated request registers once; see `database.once`. @throws Taken, Busy */
  register(input: z.output<typeof registration>): Promise<User>
  /** The user with this address and password, or undefined. @throws Busy */
  login(input: z.output<typeof login>): Promise<User | undefined>
  /** The user as it then is; undefined when there is none. An upload that it replaces is removed. @throws Taken, Busy */
  change(userId: number, input: z.output<typeof userChanges>): Promise<User | undefined>
}

export function createAccounts(
  database: Database,
  passwords: Passwords,
  discardAvatar: DiscardAvatar,
): Accounts {
  return {
    async register({ username, email, password }) {
      const passwordHash = await passwords.hash(password)
      const id = await database.once(
        async (tx) => (await users.register(tx, { username, email, passwordHash })).id,
        { content: { username, email } },
      )
      const found = await users.credentials(database, email)
      // What `once` compares leaves the password out, so a repetition has to know it, as for a login.
      const isOwn =
        found?.passwordHash === passwordHash || (await passwords.verify(password, found?.passwordHash))
      if (!isOwn || found?.user.id !== id) throw new Taken('username')
      return found.user
    },
    async login({ email, password }) {
      const found = await users.credentials(database, email)
      if (!(await passwords.verify(password, found?.passwordHash)) || found === undefined) return undefined
      // Checking takes a tenth of a second, and seconds in a queue. Whoever changed the password meanwhile has ended all
      // sessions, and no new one may begin with the old password.
      const now = await users.credentials(database, email)
      if (now === undefined) return undefined
      // The same password may have got another hash: a stronger one, at a login at the same time.
      const isOther = now.passwordHash !== found.passwordHash
      if (isOther && !(await passwords.verify(password, now.passwordHash))) return undefined
      if (passwords.isWeak(found.passwordHash))
        await users.rehash(database, found.user.id, found.passwordHash, await passwords.hash(password))
      return found.user
    },
    async change(userId, { password, ...changes }) {
      const passwordHash = password === undefined ? undefined : await passwords.hash(password)
      const updated = await database.transaction(
        async (tx) => {
          await users.lockRivals(tx, userId, changes)
          return users.update(tx, userId, { ...changes, passwordHash })
        },
        // A circle through somebody who registers is left; each costs a connection for a second, so not five times.
        { attempts: 2 },
      )
      if (updated === undefined) return undefined
      const { replacedImage, ...user } = updated
      if (replacedImage !== user.image) await discardAvatar(userId, replacedImage)
      return user
    },
  }
}
