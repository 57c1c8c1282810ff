// Processes of this installation are found by the mark in their environment (base/mark.ts), not by what a file says of
// them: that closes the window between a start and its record, and it reaches what a member started itself.
//
// Not found: a process that overwrites its environment (PostgreSQL's children do, for their titles); those end with
// their parent, and their engine's `prepare` waits for them.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { environmentOf, readMark } from '../base/mark.ts'
import { identify, signalProcess, type ProcessIdentity } from '../base/process.ts'

export interface MarkedProcess {
  readonly identity: ProcessIdentity
  readonly member: string
  readonly incarnation: string
  /** It leads its process group, as the process that the supervisor started does. */
  readonly leader: boolean
}

/** Every living process that carries the installation's mark, the calling one excepted. */
export function findMarked(installationId: string): readonly MarkedProcess[] {
  return (process.platform === 'linux' ? environmentsByProc() : environmentsByPs()).flatMap(
    ({ pid, environment }) => {
      const mark = readMark(environment, installationId)
      if (pid === process.pid || mark === undefined) return []
      const identity = identify(pid)
      return identity === undefined ? [] : [{ identity, ...mark, leader: groupOf(pid) === pid }]
    },
  )
}

/** Kills every marked process for which `isStray` holds, and returns them. */
export function killStrays(
  installationId: string,
  isStray: (candidate: MarkedProcess) => boolean,
): readonly MarkedProcess[] {
  return findMarked(installationId)
    .filter(isStray)
    .filter(({ identity }) => signalProcess(identity, 'SIGKILL'))
}

/**
 * Kills the process with the group it leads and everything it started, also what left the group. What it starts while
 * being killed is caught by the mark afterwards.
 */
export function killTree(identity: ProcessIdentity): void {
  const descendants = descendantsOf(identity.pid)
  signalProcess(identity, 'SIGKILL', 'group')
  signalProcess(identity, 'SIGKILL')
  for (const descendant of descendants) signalProcess(descendant, 'SIGKILL')
}

function groupOf(pid: number): number | undefined {
  const rows = process.platform === 'linux' ? rowByProc(pid) : processTable()
  return rows.find((row) => row.pid === pid)?.group
}

function descendantsOf(root: number): readonly ProcessIdentity[] {
  const table = processTable()
  const found = new Set<number>([root])
  // The table is in no particular order, so it is read again until nothing new is found; depth bounds the rounds.
  for (let before = 0; before !== found.size;) {
    before = found.size
    for (const { pid, parent } of table) if (found.has(parent)) found.add(pid)
  }
  found.delete(root)
  return [...found].map((pid) => identify(pid)).filter((identity) => identity !== undefined)
}

interface ProcessRow {
  readonly pid: number
  readonly parent: number
  readonly group: number
}

function processTable(): readonly ProcessRow[] {
  if (process.platform === 'linux') return pidsByProc().flatMap(rowByProc)
  return ps(['-axo', 'pid=,ppid=,pgid=']).map((line) => {
    const [pid = 0, parent = 0, group = 0] = line.trim().split(/\s+/).map(Number)
    return { pid, parent, group }
  })
}

/** proc(5): fields 4 and 5 of /proc/PID/stat are the parent and the process group. */
function rowByProc(pid: number): readonly ProcessRow[] {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  if (stat === '') return []
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return [{ pid, parent: Number(fields[1]), group: Number(fields[2]) }]
}

function pidsByProc(): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

interface Environment {
  readonly pid: number
  readonly environment: string
}

function environmentsByProc(): readonly Environment[] {
  return pidsByProc().map((pid) => ({ pid, environment: environmentOf(pid) }))
}

/** macOS: `ps -E` appends the environment to the command, for processes of the same user. */
function environmentsByPs(): readonly Environment[] {
  return ps(['-axEwwo', 'pid=,command=']).map((line) => ({
    pid: Number.parseInt(line, 10),
    environment: line,
  }))
}

function ps(args: readonly string[]): readonly string[] {
  const output = execFileSync('ps', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  return output.split('\n').filter((line) => line.trim() !== '')
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    // It ended meanwhile, or belongs to another user.
    return ''
  }
}
