// Which statements are prepared on the server. Preparing saves parsing and planning each time a text is run again, and
// costs memory in every backend; so a text is named when it comes back, and only so many are. Which ones is decided by
// text alone: values are parameters and never part of it.

import { createHash } from 'node:crypto'

export interface StatementNames {
  /** The name to prepare `text` under, or undefined to run it unprepared. */
  nameOf(text: string): string | undefined
  /** Gives every text a new name, after a table changed under the plans that were made. */
  renew(): void
}

/** A backend keeps one plan, some 10 to 50 KiB, for each name. */
const MAX_NAMES = 256
/** Texts looked at; the oldest unnamed one is forgotten for a new one. */
const MAX_CANDIDATES = 1_024
/** A text is named when it is seen for the third time: one that is built anew for each call never is. */
const NAMED_AT = 3

export function statementNames(maxNames: number = MAX_NAMES): StatementNames {
  let generation = 0
  let named = new Map<string, string>()
  const seen = new Map<string, number>()

  const consider = (text: string): string | undefined => {
    if (named.size >= maxNames) return undefined
    const times = (seen.get(text) ?? 0) + 1
    if (times < NAMED_AT) {
      if (times === 1 && seen.size >= MAX_CANDIDATES) seen.delete(seen.keys().next().value!)
      seen.set(text, times)
      return undefined
    }
    seen.delete(text)
    // Not a counter: two processes behind a connection pooler must mean the same text by the same name.
    const digest = createHash('sha256').update(`${generation}\0${text}`).digest('base64url').slice(0, 22)
    const name = `pando_${digest}`
    named.set(text, name)
    return name
  }
  return {
    nameOf: (text) => named.get(text) ?? consider(text),
    renew() {
      generation++
      named = new Map()
    },
  }
}
