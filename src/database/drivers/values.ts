// How `sql` reads values: as `pg` does, except for int8. `pg` gives it as text because a number cannot hold all of it;
// that makes "5" of count(*). Here it is a number whenever a number holds it exactly, and the exact text otherwise.
// Through `pool` it stays text, as users of `pg` expect.

import pg from 'pg'

/** Object identifiers in pg_type: fixed by PostgreSQL. */
const INT8 = 20
const INT8_ARRAY = 1016

function exactInteger(text: string): number | string {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

const parseTextArray = pg.types.getTypeParser(INT8_ARRAY as never, 'text') as (text: string) => NestedText
type NestedText = (string | null | NestedText)[]
type NestedInteger = (number | string | null | NestedInteger)[]

function exactIntegers(items: NestedText): NestedInteger {
  return items.map((item) =>
    Array.isArray(item) ? exactIntegers(item) : item === null ? null : exactInteger(item),
  )
}

export const exactNumbers: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (format !== 'binary') {
      if (oid === INT8) return exactInteger as never
      if (oid === INT8_ARRAY) return ((text: string) => exactIntegers(parseTextArray(text))) as never
    }
    return pg.types.getTypeParser(oid, format) as never
  },
}
