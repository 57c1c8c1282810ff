// Which HAProxy there is, and whom it runs as. Found by trying: that a file is there says nothing of its version, and
// that an account is there nothing of whether this process may become it.

import { execFile } from 'node:child_process'
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { describeError, PlatformError } from '../../base/errors.ts'

export interface Haproxy {
  readonly path: string
  /** `2.6.12-1+deb12u4` */
  readonly version: string
  /** For the processes that meet visitors, when this one is root: they need none of its rights. */
  readonly account: { readonly uid: number; readonly gid: number } | undefined
}

const LEAST = [2, 6] as const
// Not on the path of every user.
const SYSTEM_DIRS = ['/usr/sbin', '/usr/local/sbin']
const ACCOUNTS = ['haproxy', 'nobody'] as const
const ANSWER_MS = 10_000

const run = promisify(execFile)

// By path and time of change: a process that was killed must be back before anybody asks a program for its version.
const known = new Map<string, Haproxy>()

/** @throws BALANCER_ENGINE_MISSING, BALANCER_VERSION_UNSUPPORTED */
export async function findHaproxy(searchPath: string = process.env['PATH'] ?? ''): Promise<Haproxy> {
  const dirs = [...new Set([...searchPath.split(delimiter).filter((dir) => dir !== ''), ...SYSTEM_DIRS])]
  const looked = dirs.map((dir) => join(dir, 'haproxy'))
  const path = looked.find(isExecutable)
  if (path === undefined) throw new PlatformError('BALANCER_ENGINE_MISSING', { looked })
  const key = `${path} ${statSync(path).mtimeMs}`
  const haproxy = known.get(key) ?? (await askItself(path))
  known.set(key, haproxy)
  return haproxy
}

async function askItself(path: string): Promise<Haproxy> {
  for (const account of process.geteuid?.() === 0 ? ACCOUNTS.flatMap(idsOf) : []) {
    const version = await versionOf(path, account).catch(() => undefined)
    if (version !== undefined) return { path, version: supported(path, version), account }
  }
  return { path, version: supported(path, await versionOf(path)), account: undefined }
}

async function versionOf(path: string, account?: { uid: number; gid: number }): Promise<string> {
  try {
    const { stdout } = await run(path, ['-v'], { ...account, cwd: '/', env: {}, timeout: ANSWER_MS })
    // "HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/", before 2.4 "HA-Proxy version …".
    return /^HA-?Proxy version (\S+)/.exec(stdout)?.[1] ?? 'of no known version'
  } catch (cause) {
    throw new PlatformError(
      'BALANCER_VERSION_UNSUPPORTED',
      { path, version: `unknown (${describeError(cause)})`, least: LEAST.join('.') },
      { cause },
    )
  }
}

function supported(path: string, version: string): string {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10) || 0)
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return version
  throw new PlatformError('BALANCER_VERSION_UNSUPPORTED', { path, version, least: LEAST.join('.') })
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** passwd(5): name, password, user, group. */
function idsOf(name: string): { uid: number; gid: number }[] {
  const [, uid, gid] =
    new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm').exec(readFileSync('/etc/passwd', 'utf8')) ?? []
  return uid === undefined ? [] : [{ uid: Number(uid), gid: Number(gid) }]
}
