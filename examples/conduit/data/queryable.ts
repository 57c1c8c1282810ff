import type { Database } from 'pando/database'

/** What the data layer needs of a `Database` or a `Transaction`: one statement at a time. */
export type Queryable = Pick<Database, 'sql'>

/** Id of the logged-in user who looks, or null for a visitor. */
export type Viewer = number | null

/** The first so many after leaving out `offset`. Both are checked by `input.ts`. */
export interface Page {
  readonly limit: number
  readonly offset: number
}

/**
 * A name to look something up by, as it came in a URL. PostgreSQL refuses a text with NUL instead of not finding it,
 * and no stored name is empty.
 */
export function lookup(name: string): string {
  return name.includes('\0') ? '' : name
}
