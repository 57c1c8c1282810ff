// Why a form was refused, in sentences. What its sender can mend is told on the form; everything else is no answer to a
// form and is passed on.

import { Taken } from '../data/conflicts.ts'
import { InputRefused } from '../data/input.ts'
import { Busy } from '../security/semaphore.ts'

/** Fields whose name in the data layer is not what the page calls them. */
const NAMES: Readonly<Record<string, string>> = { tagList: 'tags', body: 'text', image: 'profile picture' }

/** `["title can't be blank"]`. @throws the error itself when it is not the sender's to mend */
export function problemsOf(error: unknown): string[] {
  if (error instanceof InputRefused) {
    return Object.entries(error.problems).flatMap(([field, messages]) =>
      messages.map((message) => `${NAMES[field] ?? field} ${message}`),
    )
  }
  if (error instanceof Taken) return [`${error.field} has already been taken`]
  if (error instanceof Busy) return ['too many people are logging in at the moment: please try again shortly']
  throw error
}
