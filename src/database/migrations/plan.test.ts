import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checksumOf, planMigrations, type AppliedMigration, type MigrationFile } from './plan.ts'

const file = (fileName: string, content = 'select 1'): MigrationFile => ({ fileName, content })
const applied = (fileName: string, content = 'select 1'): AppliedMigration => ({
  number: Number(fileName.slice(0, 4)),
  name: fileName.slice(5, -4),
  checksum: checksumOf(content),
})
const outcome = (
  files: readonly MigrationFile[],
  rows: readonly AppliedMigration[] = [],
): readonly string[] => {
  const plan = planMigrations(files, rows)
  return plan.outcome === 'apply' ? plan.pending.map(({ fileName }) => fileName) : plan.problems
}

describe('planning migrations', () => {
  test('what is not applied is applied in the order of the numbers', () => {
    expect(
      outcome([file('0002_b.sql'), file('0003_c.sql'), file('0001_a.sql')], [applied('0001_a.sql')]),
    ).toEqual(['0002_b.sql', '0003_c.sql'])
  })

  test('other files in the directory do not matter', () => {
    expect(outcome([file('README.md'), file('.0001_a.sql'), file('0001_a.sql')])).toEqual(['0001_a.sql'])
  })

  test('the first line decides whether a file is one transaction', () => {
    const plan = planMigrations(
      [file('0001_a.sql', '-- pando: no transaction\nselect 1'), file('0002_b.sql')],
      [],
    )

    expect(plan).toMatchObject({ pending: [{ transactional: false }, { transactional: true }] })
  })

  test('line ends and a byte order mark do not count as an edit', () => {
    expect(outcome([file('0001_a.sql', '\uFEFFselect\r\n1')], [applied('0001_a.sql', 'select\n1')])).toEqual(
      [],
    )
  })
})

test('a database that a later release has migrated is as good as migrated', () => {
  const plan = planMigrations([file('0001_a.sql')], [applied('0001_a.sql'), applied('0002_b.sql')])

  expect(plan).toEqual({ outcome: 'apply', pending: [], ahead: ['0002_b.sql'] })
})

describe('refusing migrations', () => {
  test.each([
    [
      'an edited file',
      [file('0001_a.sql', 'select 2')],
      [applied('0001_a.sql')],
      ['0001_a.sql: it was edited after it was applied to this database'],
    ],
    [
      'a missing file',
      [],
      [applied('0001_a.sql')],
      ['0001_a.sql: it was applied to this database and is missing now'],
    ],
    [
      'a file missing between others',
      [file('0001_a.sql'), file('0002_b.sql')],
      [applied('0001_a.sql'), applied('0002_c.sql')],
      ['0002_c.sql: it was applied to this database and is missing now (there is 0002_b.sql)'],
    ],
    [
      'a renamed file',
      [file('0001_b.sql')],
      [applied('0001_a.sql')],
      ['0001_a.sql: it was applied to this database and is missing now (there is 0001_b.sql)'],
    ],
    [
      'a repeated number',
      [file('0001_a.sql'), file('0001_b.sql')],
      [],
      ['0001_b.sql: 0001_a.sql has the same number'],
    ],
    ['a gap', [file('0001_a.sql'), file('0003_c.sql')], [], ['0003_c.sql: the number 0002 is expected here']],
    ['a bad name', [file('1-a.sql')], [], ['1-a.sql: the name is not like 0001_what_it_does.sql']],
    ['an empty file', [file('0001_a.sql', '-- nothing\n;')], [], ['0001_a.sql: it holds no statement']],
    [
      'an unknown mark',
      [file('0001_a.sql', '-- pando: no transactions\nselect 1')],
      [],
      ['0001_a.sql: "-- pando: no transactions" is not known; "-- pando: no transaction" is'],
    ],
    [
      'a transaction of its own',
      [file('0001_a.sql', 'select 1; COMMIT; select 2')],
      [],
      ['0001_a.sql: it begins or ends a transaction itself (COMMIT); each file is one transaction already'],
    ],
  ] as const)('%s is named', (_, files, rows, problems) => {
    expect(outcome(files, rows)).toEqual(problems)
  })

  test('all problems are named at once', () => {
    const files = [file('0001_a.sql', 'select 2'), file('bad.sql'), file('0003_c.sql')]

    expect(outcome(files, [applied('0001_a.sql')])).toHaveLength(3)
  })

  test('going back to a savepoint is no transaction of its own', () => {
    expect(outcome([file('0001_a.sql', 'savepoint a; rollback to a; rollback to savepoint a')])).toEqual([
      '0001_a.sql',
    ])
  })
})

describe('any sequence of files', () => {
  test('applied in part, the rest is pending, and applied whole, nothing is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), fc.nat(30), (count, done) => {
        const files = Array.from({ length: count }, (_, index) =>
          file(`${String(index + 1).padStart(4, '0')}_m.sql`, `select ${index}`),
        )
        const rows = files.slice(0, done).map(({ fileName, content }) => applied(fileName, content))

        expect(outcome(files, rows)).toEqual(files.slice(done).map(({ fileName }) => fileName))
      }),
    )
  })
})
