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
