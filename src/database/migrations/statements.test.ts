import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { locate, splitStatements } from './statements.ts'

const texts = (sql: string): string[] => splitStatements(sql).map(({ text }) => text)

describe('splitting a file into statements', () => {
  test('a semicolon ends a statement, and the last one may go without', () => {
    expect(texts('select 1; select 2 ;select 3')).toEqual(['select 1', 'select 2', 'select 3'])
  })

  test('comments and blanks between statements belong to none', () => {
    expect(texts('-- one; two\nselect 1; /* a /* nested; */ b; */ select 2;\n-- end')).toEqual([
      'select 1',
      'select 2',
    ])
  })

  test.each([
    ['a string', "insert into a values ('x;''y')"],
    ['an escape string', String.raw`insert into a values (E'x\';y')`],
    ['a quoted name', 'create table "a;""b" (c int)'],
    [
      'a function body',
      'create function f() returns int as $body$ begin; return 1; end; $body$ language plpgsql',
    ],
    ['an untagged body', 'do $$ begin; perform 1; end $$'],
    ['a comment inside', 'select 1 -- not; the end\n + 1 /* nor; here */ + 2'],
    ['a body of the SQL standard', 'create function f() returns int begin atomic select 1; select 2; end'],
  ])('a semicolon in %s ends nothing', (_, sql) => {
    expect(texts(sql)).toEqual([sql])
  })

  test('a dollar sign within a name or a parameter opens nothing', () => {
    expect(texts('select a$b$c from t; select $1; select 2')).toEqual([
      'select a$b$c from t',
      'select $1',
      'select 2',
    ])
  })

  test('any text ends, and each statement stands where its offset says', () => {
    const piece = fc.constantFrom(
      ';',
      "'",
      '"',
      '$$',
      '$a$',
      '--',
      '/*',
      '*/',
      '\n',
      ' ',
      'e',
      '\\',
      'x',
      '1',
    )

    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const sql = pieces.join('')
        for (const { text, offset } of splitStatements(sql)) expect(sql.startsWith(text, offset)).toBe(true)
      }),
    )
  })

  test('statements put together with semicolons come apart again', () => {
    const statement = fc.constantFrom(
      "select ';'",
      'select 1 /* ; */ + 1',
      'do $x$ ; $x$',
      'select ";"',
      'create table t ()',
    )
    const gap = fc.constantFrom(';', ' ;\n', '; -- note;\n', ';/* ; */')

    fc.assert(
      fc.property(fc.array(fc.tuple(statement, gap), { maxLength: 8 }), (parts) => {
        expect(texts(parts.flat().join(''))).toEqual(parts.map(([text]) => text))
      }),
    )
  })
})

describe('locating an error', () => {
  test('line, column and the line itself are those of the position', () => {
    const sql = 'select 1;\n  selekt 2;'

    expect(locate(sql, 12)).toEqual({ line: 2, column: 3, excerpt: 'selekt 2;' })
    expect(locate(sql, 12, 8)).toEqual({ line: 2, column: 10, excerpt: 'selekt 2;' })
  })

  test('a character outside the basic plane counts once', () => {
    expect(locate("select '😀', x", 0, 13)).toMatchObject({ line: 1, column: 13 })
  })
})
