// The server's data directory: made once, with its superuser, the application's role and its database, and only then
// given its name. A crash at any instruction therefore leaves either no data directory or a complete one.
//
// A mark in the directory says for which database names and passwords it was set up. When they change (an application
// renamed, secrets restored from elsewhere), the setup statements run again; each may be repeated.

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { systemClock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { asAccount, type Account } from './account.ts'
import type { PostgresBinaries } from './binaries.ts'
import { APP_ROLE, SUPERUSER } from './connection.ts'
import { endProcessesIn } from './leftovers.ts'
import { own, syncDirectory, writeDurably } from './ownership.ts'

export interface ClusterPlan {
  /** Holds the data directory; belongs to the account. */
  readonly home: string
  /** `<home>/data` */
  readonly data: string
  readonly databaseName: string
  readonly superuserPassword: string
  readonly appPassword: string
}

const MARK = 'pando-setup'
const UNFINISHED = 'unfinished-'
const SETUP_TIMEOUT_MS = 120_000

/**
 * Makes the data directory unless there is one, and the application's role and database unless they are there.
 * @throws DATABASE_VERSION_MISMATCH, DATABASE_DATA_INVALID, DATABASE_SETUP_FAILED, DATABASE_MEMORY_SHORT
 */
export async function prepareCluster(
  plan: ClusterPlan,
  binaries: PostgresBinaries,
  account: Account,
): Promise<void> {
  for (const name of readdirSync(plan.home).filter((entry) => entry.startsWith(UNFINISHED)))
    await removeUnfinished(join(plan.home, name))

  if (existsSync(plan.data)) {
    requireVersion(plan.data, binaries.majorVersion)
    // A copy or a restore from a backup may have opened it; PostgreSQL then refuses to start.
    chmodSync(plan.data, 0o700)
    if (readMark(plan.data) !== markOf(plan)) await setUp(plan, plan.data, binaries, account)
    return
  }
  const unfinished = join(plan.home, `${UNFINISHED}${process.pid}`)
  await initialize(plan, unfinished, binaries, account)
  await setUp(plan, unfinished, binaries, account)
  renameSync(unfinished, plan.data)
  syncDirectory(plan.home)
}

/** What a setup that was killed left; its own processes may still be writing there. */
async function removeUnfinished(path: string): Promise<void> {
  await endProcessesIn(path, systemClock)
  rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
}

function requireVersion(data: string, expected: string): void {
  const file = join(data, 'PG_VERSION')
  if (!existsSync(file)) throw new PlatformError('DATABASE_DATA_INVALID', { path: data })
  const found = readFileSync(file, 'utf8').trim()
  if (found !== expected)
    throw new PlatformError('DATABASE_VERSION_MISMATCH', { path: data, found, expected })
}

async function initialize(
  plan: ClusterPlan,
  directory: string,
  binaries: PostgresBinaries,
  account: Account,
): Promise<void> {
  mkdirSync(directory, { mode: 0o700 })
  own(directory, account)
  // A file that only the account can read: an argument or a variable could be read by others.
  const passwordFile = join(plan.home, `${UNFINISHED}password-${process.pid}`)
  writeFileSync(passwordFile, `${plan.superuserPassword}\n`, { mode: 0o600 })
  own(passwordFile, account)
  try {
    await run('initdb', account, binaries.initdb, [
      `--pgdata=${directory}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      // Independent of the system's libraries, whose collations change with their versions and break indexes.
      '--builtin-locale=C.UTF-8',
      '--data-checksums',
      '--no-instructions',
    ])
  } finally {
    rmSync(passwordFile, { force: true })
  }
}

/** Runs the setup statements in the server's single-user mode, which needs neither a socket nor a password. */
async function setUp(
  plan: ClusterPlan,
  directory: string,
  binaries: PostgresBinaries,
  account: Account,
): Promise<void> {
  const args = ['--single', '-D', directory, '-c', 'log_error_verbosity=verbose']
  const quiet = ['-c', 'log_min_error_statement=panic', '-c', 'log_statement=none', '-c', 'lc_messages=C']
  const input = setupStatements(plan)
    .map((statement) => `${statement}\n`)
    .join('')
  const output = await run('first setup', account, binaries.postgres, [...args, ...quiet, 'postgres'], input)
  const errors = output.split('\n').filter((line) => /\b(ERROR|FATAL|PANIC): {2}(?!42710|42P04)/.test(line))
  if (errors.length > 0)
    throw new PlatformError('DATABASE_SETUP_FAILED', { step: 'first setup', output: errors.join(' ') })
  writeDurably(join(directory, MARK), markOf(plan), account)
}

/** One statement a line, as the single-user mode reads them. 42710 and 42P04 say that the thing is there already. */
function setupStatements({ databaseName, superuserPassword, appPassword }: ClusterPlan): readonly string[] {
  const database = `"${databaseName.replaceAll('"', '""')}"`
  return [
    `create role ${APP_ROLE}`,
    `alter role ${APP_ROLE} login nosuperuser nocreatedb nocreaterole noreplication nobypassrls password '${appPassword}'`,
    `alter role ${SUPERUSER} password '${superuserPassword}'`,
    `create database ${database} owner ${APP_ROLE}`,
    `alter database ${database} owner to ${APP_ROLE}`,
    `revoke all on database ${database} from public`,
  ]
}

function readMark(data: string): string | undefined {
  const path = join(data, MARK)
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined
}

function markOf(plan: ClusterPlan): string {
  const parts = [plan.databaseName, plan.superuserPassword, plan.appPassword]
  return createHash('sha256').update(parts.join('\0')).digest('base64url')
}

/** Runs a program of PostgreSQL to its end and gives what it wrote to standard error. */
async function run(
  step: string,
  account: Account,
  command: string,
  commandArgs: readonly string[],
  input = '',
): Promise<string> {
  const { file, args } = asAccount(account, command, commandArgs)
  const child = spawn(file, args, {
    ...account.owner,
    cwd: '/',
    env: { LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['pipe', 'ignore', 'pipe'],
    timeout: SETUP_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  // A program that ends early closes its input; its own message says why.
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const [output, [status, signal]] = await Promise.all([text(child.stderr), ended])
  if (status === 0) return output
  const said =
    output.trim().split('\n').slice(-5).join(' ') || `it ended with ${signal ?? `status ${status}`}`
  if (/shared memory|Cannot allocate memory/i.test(said))
    throw new PlatformError('DATABASE_MEMORY_SHORT', { output: said })
  throw new PlatformError('DATABASE_SETUP_FAILED', { step, output: said })
}
