// Which process is meant. A pid alone is reused by the system; a pid together with its start time is not, and both
// can be written down and checked by another process later.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface ProcessIdentity {
  readonly pid: number
  /** Opaque text that changes when the pid is given to another process. */
  readonly startedAt: string
}

/** The identity of the running process `pid`; undefined when there is none, or when it is a zombie. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined
  return process.platform === 'linux' ? identifyByProc(pid) : identifyByPs(pid)
}

/** Whether exactly this process still runs. A zombie does not run. */
export function isRunning(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt
}

/**
 * Sends `signal` to exactly this process, or with `group` to the process group it leads. Returns false, and sends
 * nothing, when it no longer runs.
 */
export function signalProcess(
  identity: ProcessIdentity,
  signal: NodeJS.Signals,
  target: 'process' | 'group' = 'process',
): boolean {
  if (!isRunning(identity)) return false
  try {
    process.kill(target === 'group' ? -identity.pid : identity.pid, signal)
    return true
  } catch {
    // It ended between the look and the signal, or leads no group.
    return false
  }
}

/**
 * The path of a module of ours to start as a process of its own: `moduleFile(import.meta.url, '../app/serve')` is
 * `…/serve.ts` in the repository and `…/serve.js` in the published package.
 */
export function moduleFile(from: string, relative: string): string {
  return fileURLToPath(new URL(`${relative}${extname(from)}`, from))
}

/** proc(5): fields of /proc/PID/stat after the command's closing bracket; 3 is the state, 22 the start time. */
function identifyByProc(pid: number): ProcessIdentity | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  } catch {
    return undefined
  }
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const state = fields[0]
  const startTicks = fields[19]
  if (startTicks === undefined || state === 'Z' || state === 'X') return undefined
  return { pid, startedAt: `${bootId()}/${startTicks}` }
}

let knownBootId: string | undefined
function bootId(): string {
  knownBootId ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()
  return knownBootId
}

function identifyByPs(pid: number): ProcessIdentity | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
    const [state = 'Z', ...started] = line.split(/\s+/)
    return state.startsWith('Z') ? undefined : { pid, startedAt: started.join(' ') }
  } catch {
    return undefined
  }
}
