// PostgreSQL refuses to run as root. Started by root it therefore runs as `postgres` or `nobody`; where that user cannot
// pass through the directories above the data or the binaries (a home directory of mode 700), it runs in a user
// namespace of its own, in which root's files belong to `nobody`. Started by anybody else it runs as that user.
//
// What works is found by trying it, because permission bits alone do not say it (access lists, mount options).

import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { PlatformError } from '../../base/errors.ts'

/** How commands of the server are started. */
export interface Account {
  /** For a person: `postgres`, `nobody in a user namespace`, `the current user`. */
  readonly name: string
  /** Put before every command. */
  readonly prefix: readonly string[]
  /** The owner its files must have, and the ids to spawn with; undefined: those of this process. */
  readonly owner?: { readonly uid: number; readonly gid: number }
}

const CANDIDATES = ['postgres', 'nobody'] as const
const UNSHARE = '/usr/bin/unshare'
// In a new namespace any id but 0 will do; initdb insists on one with an entry in /etc/passwd, as nobody has.
const NOBODY_ID = '65534'

/**
 * The account that can run `binary` and enter `directory`, tried in the order above.
 * @throws DATABASE_ACCOUNT_UNUSABLE when none can.
 */
export function chooseAccount(binary: string, directory: string): Account {
  if (process.geteuid?.() !== 0) return { name: 'the current user', prefix: [] }
  const accounts = [...CANDIDATES.flatMap(systemAccount), ...namespaceAccount()]
  for (const account of accounts) if (canWork(account, binary, directory)) return account
  throw new PlatformError('DATABASE_ACCOUNT_UNUSABLE', {
    path: accounts.some((account) => canWork(account, binary, '/')) ? directory : binary,
    account: accounts.at(0)?.name ?? CANDIDATES.join(' or '),
  })
}

/** File and arguments that run `command` as `account`; to be spawned with the account's `owner` ids. */
export function asAccount(
  account: Account,
  command: string,
  args: readonly string[],
): { file: string; args: string[] } {
  const [file, ...rest] = [...account.prefix, command, ...args]
  return { file: file!, args: rest }
}

function systemAccount(name: string): Account[] {
  try {
    const id = (flag: string): number =>
      Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
    return [{ name, prefix: [], owner: { uid: id('-u'), gid: id('-g') } }]
  } catch {
    return []
  }
}

function namespaceAccount(): Account[] {
  if (process.platform !== 'linux' || !existsSync(UNSHARE)) return []
  const prefix = [UNSHARE, '--user', `--map-user=${NOBODY_ID}`, `--map-group=${NOBODY_ID}`, '--']
  return [{ name: 'nobody in a user namespace', prefix, owner: { uid: 0, gid: 0 } }]
}

function canWork(account: Account, binary: string, directory: string): boolean {
  // `cd` and not a permission test: it is what the server itself will do.
  const script = 'cd "$2" && exec "$1" --version'
  const { file, args } = asAccount(account, '/bin/sh', ['-c', script, 'sh', binary, directory])
  const { status } = spawnSync(file, args, {
    ...account.owner,
    cwd: '/',
    env: {},
    stdio: 'ignore',
    timeout: 10_000,
  })
  return status === 0
}
