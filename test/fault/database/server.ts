// What the tests of a failing server share: where it keeps what, and how it is started as the supervisor does.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Installation } from '../../../src/base/installation.ts'
import { createLogger } from '../../../src/base/log.ts'
import type { Launch, MemberContext } from '../../../src/base/member.ts'
import type { TestPostgres } from '../../../src/testing/postgres.ts'

/** Far above what a busy machine takes. */
export const WITHIN_MS = 60_000
/** Between two looks where the moment counts. */
export const AT_ONCE_MS = 5

export const silent = createLogger({ write: () => {} })

export const contextIn = (installation: Installation): MemberContext => ({
  installation,
  appDir: installation.dataDir,
  log: silent,
})

export const contextOf = (server: TestPostgres): MemberContext => contextIn(server.installation)

export const dataOf = ({ dataDir }: Installation): string => join(dataDir, 'postgres', 'data')

/** The process that `postmaster.pid` names; undefined when there is no such file. */
export function postmasterOf(installation: Installation): number | undefined {
  const file = join(dataOf(installation), 'postmaster.pid')
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n', 1)[0]) : undefined
}

/**
 * Starts the server as the supervisor does, as a child of this process, with `env` beside its own. At the end of the
 * block it is killed, before its directory is removed.
 */
export function startAs(
  launch: Launch,
  env: Readonly<Record<string, string>> = {},
): AsyncDisposable & { readonly pid: number } {
  const child = spawn(launch.file, launch.args, {
    ...launch,
    env: { ...launch.env, ...env },
    detached: true,
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  return {
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

/** Children of a process, by proc(5). */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === parent)
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
