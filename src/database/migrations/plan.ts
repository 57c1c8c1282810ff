// Which migrations are to be applied, or everything that is wrong with them. Pure: files and table in, plan out.
//
// An applied file never changes: databases that ran it and databases made later would differ for ever. A database may be
// ahead of the files: a release that was rolled back leaves its migrations, and the one before it must start again.

import { createHash } from 'node:crypto'
import { splitStatements, type SqlStatement } from './statements.ts'

export interface MigrationFile {
  /** Without its directory: `0001_articles.sql`. */
  readonly fileName: string
  readonly content: string
}

/** A row of `pando.migration`. */
export interface AppliedMigration {
  readonly number: number
  readonly name: string
  readonly checksum: string
}

export interface Migration extends AppliedMigration {
  readonly fileName: string
  readonly sql: string
  readonly statements: readonly SqlStatement[]
  /** All its statements in one transaction together with its row. */
  readonly transactional: boolean
}

export type MigrationPlan =
  | {
      readonly outcome: 'apply'
      readonly pending: readonly Migration[]
      /** Files of a later release that were applied to this database: `0003_mood.sql`. */
      readonly ahead: readonly string[]
    }
  | { readonly outcome: 'refuse'; readonly problems: readonly string[] }

const FILE_NAME = /^(\d{4})_([a-z0-9][a-z0-9_-]*)\.sql$/
const NO_TRANSACTION = /^--\s*pando:\s*no transaction\s*$/
const UNKNOWN_MARK = /^--\s*pando:\s*(.*)$/
const TRANSACTION_CONTROL =
  /^(begin|commit|abort|rollback(?!\s+(work\s+|transaction\s+)?to\b)|start\s+transaction)\b(?!\s+atomic)/i

/** The migrations not yet applied, in order; or every problem with the files, each naming its file. */
export function planMigrations(
  files: readonly MigrationFile[],
  applied: readonly AppliedMigration[],
): MigrationPlan {
  const sqlFiles = files.filter(({ fileName }) => fileName.endsWith('.sql') && !fileName.startsWith('.'))
  const badNames = sqlFiles.filter(({ fileName }) => !FILE_NAME.test(fileName))
  const migrations = sqlFiles
    .filter(({ fileName }) => FILE_NAME.test(fileName))
    .map(readMigration)
    .toSorted((a, b) => a.number - b.number || (a.fileName < b.fileName ? -1 : 1))
  const problems = [
    ...badNames.map(({ fileName }) => `${fileName}: the name is not like 0001_what_it_does.sql`),
    ...numberProblems(migrations),
    ...appliedProblems(
      migrations,
      applied.filter((row) => !isAhead(row, migrations)),
    ),
    ...migrations.flatMap(contentProblems),
  ]
  if (problems.length > 0) return { outcome: 'refuse', problems }
  const done = new Set(applied.map(({ number }) => number))
  return {
    outcome: 'apply',
    pending: migrations.filter(({ number }) => !done.has(number)),
    ahead: applied.filter((row) => isAhead(row, migrations)).map(fileNameOf),
  }
}

/** Later than every file. Without any file there is no earlier release either: the directory is the wrong one. */
function isAhead({ number }: AppliedMigration, migrations: readonly Migration[]): boolean {
  return number > (migrations.at(-1)?.number ?? Number.POSITIVE_INFINITY)
}

function fileNameOf({ number, name }: AppliedMigration): string {
  return `${String(number).padStart(4, '0')}_${name}.sql`
}

/** SHA-256 of the text, the same whether lines end as on Unix or as on Windows. */
export function checksumOf(content: string): string {
  return createHash('sha256').update(normalize(content)).digest('hex')
}

function normalize(content: string): string {
  return content.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n')
}

function readMigration({ fileName, content }: MigrationFile): Migration {
  const [, number, name] = FILE_NAME.exec(fileName)!
  const sql = normalize(content)
  return {
    number: Number(number),
    name: name!,
    checksum: checksumOf(content),
    fileName,
    sql,
    statements: splitStatements(sql),
    transactional: !NO_TRANSACTION.test(sql.split('\n', 1)[0]!),
  }
}

function numberProblems(migrations: readonly Migration[]): string[] {
  const problems: string[] = []
  let expected = 1
  for (const [index, { number, fileName }] of migrations.entries()) {
    const before = migrations[index - 1]
    if (before?.number === number) problems.push(`${fileName}: ${before.fileName} has the same number`)
    else if (number !== expected)
      problems.push(`${fileName}: the number ${String(expected).padStart(4, '0')} is expected here`)
    expected = number + 1
  }
  return problems
}

function appliedProblems(migrations: readonly Migration[], applied: readonly AppliedMigration[]): string[] {
  return applied.flatMap((row) => {
    const label = fileNameOf(row)
    const candidates = migrations.filter(({ number }) => number === row.number)
    const file = candidates.find(({ name }) => name === row.name)
    if (!file) {
      const renamed = candidates.map(({ fileName }) => ` (there is ${fileName})`).join('')
      return [`${label}: it was applied to this database and is missing now${renamed}`]
    }
    return file.checksum === row.checksum
      ? []
      : [`${label}: it was edited after it was applied to this database`]
  })
}

function contentProblems({ fileName, sql, statements, transactional }: Migration): string[] {
  const mark = UNKNOWN_MARK.exec(sql.split('\n', 1)[0]!)
  const problems: string[] = []
  if (statements.length === 0) problems.push(`${fileName}: it holds no statement`)
  if (mark && transactional)
    problems.push(`${fileName}: "-- pando: ${mark[1]}" is not known; "-- pando: no transaction" is`)
  const control = statements.find(({ text }) => TRANSACTION_CONTROL.test(text))
  if (control)
    problems.push(
      `${fileName}: it begins or ends a transaction itself (${control.text.slice(0, 40)}); each file is one transaction already`,
    )
  return problems
}
