// Which tags are in use. The list is long at size L (10,000 names) and changes seldom, so a process keeps the last one
// it read together with the number of changes it was read at, and reads it again as soon as that number differs. The
// number is part of every answer's own query: a kept list is never older than the database.

import type { Queryable } from './queryable.ts'

export interface TagReader {
  /** Every tag in use, in alphabetical order. */
  list(db: Queryable): Promise<readonly string[]>
}

interface Kept {
  readonly changes: string
  readonly names: readonly string[]
}

/** One for each process. Holds one list of names. */
export function createTagReader(): TagReader {
  // pando: per-process never older than the database, which is asked each time whether the list changed
  let kept: Kept = { changes: '', names: [] }
  return {
    async list(db) {
      // What this question is asked with. Another one's answer may replace `kept` meanwhile, also by an older list.
      const known = kept
      const rows = await db.sql<{ changes: string; names: readonly string[] | null }>`
        with seen as materialized (select sum(tag_changes)::text as changes from totals)
        select changes, case when changes <> ${known.changes} then
          (select coalesce(array_agg(name order by name), '{}') from tags)
        end as names
        from seen`
      const { changes, names } = rows[0]!
      if (names === null) return known.names
      kept = { changes, names }
      return names
    },
  }
}

/** The tags that the most articles carry, most first. */
export async function popular(db: Queryable, limit: number): Promise<readonly string[]> {
  const rows = await db.sql<{ name: string }>`
    select name from tags order by articles_count desc, name limit ${limit}`
  return rows.map((row) => row.name)
}
