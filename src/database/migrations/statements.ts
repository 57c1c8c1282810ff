// Where one SQL statement ends and the next begins, so that each is run by itself and an error names its line. Knows
// PostgreSQL's quoting: '…', E'…', "…", $tag$…$tag$, -- and nested /* */ comments
// (postgresql.org/docs/18/sql-syntax-lexical.html). Pure.

export interface SqlStatement {
  /** Without its semicolon and without the blanks and comments before it. */
  readonly text: string
  /** Index of its first character in the whole text. */
  readonly offset: number
}

export interface SqlPlace {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  /** The line itself, at most 200 characters of it. */
  readonly excerpt: string
}

const LONGEST_EXCERPT = 200
// Sticky: each is tried at one index. The order does not matter, they begin with different characters.
const BLANK = /\s+/y
const LINE_COMMENT = /--[^\n]*/y
const QUOTED_NAME = /"(?:[^"]|"")*(?:"|$)/y
const DOLLAR_TAG = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y
const ESCAPE_STRING = /[eE]'(?:[^'\\]|''|\\[\s\S])*(?:'|$)/y
const STRING = /'(?:[^']|'')*(?:'|$)/y
const WORD = /[A-Za-z0-9_\u0080-\uffff][\w$\u0080-\uffff]*/y

/** The statements of `sql` in order. Empty ones are left out. */
export function splitStatements(sql: string): SqlStatement[] {
  // The body of a SQL-standard function holds semicolons that end nothing; only the server's grammar knows where it ends.
  if (/\bbegin\s+atomic\b/i.test(sql)) return [{ text: sql, offset: 0 }]
  const statements: SqlStatement[] = []
  let start: number | undefined
  let end = 0
  const finish = (): void => {
    if (start !== undefined) statements.push({ text: sql.slice(start, end), offset: start })
    start = undefined
  }
  let index = 0
  while (index < sql.length) {
    const afterSpace = skipSpace(sql, index)
    if (afterSpace > index) {
      index = afterSpace
    } else if (sql[index] === ';') {
      finish()
      index++
    } else {
      start ??= index
      index = skipToken(sql, index)
      end = index
    }
  }
  finish()
  return statements
}

/** Where the `position`th character (from 1, counted as PostgreSQL does) after `offset` stands. */
export function locate(sql: string, offset: number, position = 1): SqlPlace {
  // PostgreSQL counts characters, JavaScript UTF-16 units: one outside the basic plane is two.
  const ahead = Array.from(sql.slice(offset))
    .slice(0, position - 1)
    .join('').length
  const before = sql.slice(0, offset + ahead)
  const lineStart = before.lastIndexOf('\n') + 1
  const lineEnd = sql.indexOf('\n', lineStart)
  const excerpt = sql.slice(lineStart, lineEnd === -1 ? undefined : lineEnd)
  return {
    line: before.split('\n').length,
    column: Array.from(before.slice(lineStart)).length + 1,
    excerpt: excerpt.trim().slice(0, LONGEST_EXCERPT),
  }
}

function skipSpace(sql: string, index: number): number {
  if (sql.startsWith('/*', index)) return skipBlockComment(sql, index)
  return matchEnd(LINE_COMMENT, sql, index) ?? matchEnd(BLANK, sql, index) ?? index
}

function skipToken(sql: string, index: number): number {
  const tag = matchEnd(DOLLAR_TAG, sql, index)
  if (tag !== undefined) {
    const close = sql.indexOf(sql.slice(index, tag), tag)
    return close === -1 ? sql.length : close + (tag - index)
  }
  return (
    matchEnd(ESCAPE_STRING, sql, index) ??
    matchEnd(STRING, sql, index) ??
    matchEnd(QUOTED_NAME, sql, index) ??
    matchEnd(WORD, sql, index) ??
    index + 1
  )
}

function skipBlockComment(sql: string, from: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = from
  let depth = 0
  for (let mark = marks.exec(sql); mark !== null; mark = marks.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return sql.length
}

function matchEnd(pattern: RegExp, sql: string, index: number): number | undefined {
  pattern.lastIndex = index
  return pattern.test(sql) ? pattern.lastIndex : undefined
}
