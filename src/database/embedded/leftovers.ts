// What a killed server leaves: children that have not noticed yet, `postmaster.pid`, and the lock of its socket. Starting
// while a child still writes would destroy data, so the children are ended first. A file that names a process is
// believed only if that process really works in the data directory: a number may have been given to a stranger since,
// and a zombie keeps its own for as long as its parent does not look after it, for ever in some containers. PostgreSQL's
// own check is kill(pid, 0), which takes both for a server
// (https://github.com/postgres/postgres/blob/REL_18_0/src/backend/utils/init/miscinit.c, CreateLockFile).
//
// Looks at /proc, so processes are found on Linux only; elsewhere PostgreSQL's own check of its shared memory refuses
// a start that comes too early, and the start is tried again.

import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { identify, isRunning, signalProcess, type ProcessIdentity } from '../../base/process.ts'
import { SOCKET_PORT } from './configuration.ts'

export interface LeftoverPlace {
  readonly data: string
  readonly socketDir: string
  /** Whether this installation started the process, whoever its parent is by now. */
  readonly isOurs: (pid: number) => boolean
}

interface LeftoverLimits {
  /** How long processes may take to go by themselves. */
  readonly patienceMs: number
  /** How long they may take after a signal that cannot be ignored. */
  readonly killMs: number
}

/**
 * The children of a dead server are killed almost at once. Nothing is lost by it: a commit was acknowledged only after
 * its log was flushed; one that is flushed and not answered yet is kept and reported as unknown, as if the network had
 * failed; and what is half written is what crash recovery is for, which comes in any case. Waiting wins little: a child
 * that waits for its client or for a lock of a table sees the death of its parent and goes within milliseconds
 * (WL_EXIT_ON_PM_DEATH, https://github.com/postgres/postgres/blob/REL_18_0/src/backend/storage/lmgr/proc.c), one that
 * waits for a lock in shared memory whose holder has gone never does. The patience is for a child that is about to
 * answer a COMMIT, which is one flush of the log away. PostgreSQL itself, after a crash, gives its children no time at
 * all to end their work (SIGQUIT, `HandleChildCrash`).
 */
const LIMITS: LeftoverLimits = { patienceMs: 200, killMs: 5_000 }
const ORPHAN_STOP_MS = 20_000
const LOOK_MS = 10

/**
 * Returns when nothing of an earlier server uses the data directory. A live server that is this installation's own, or
 * that nobody looks after, is stopped.
 * @throws DATABASE_ALREADY_RUNNING when somebody else's live server has a live parent; DATABASE_LEFTOVER_PROCESSES when
 * killed processes do not go.
 */
export async function clearLeftovers(place: LeftoverPlace, clock: Clock): Promise<void> {
  const { data, socketDir } = place
  const postmaster = livePostmaster(join(data, 'postmaster.pid'), data)
  if (postmaster) await stopForgotten(place, postmaster, clock)
  await waitForChildren(data, clock, LIMITS)
  rmSync(join(data, 'postmaster.pid'), { force: true })
  removeSocketLock(join(socketDir, `.s.PGSQL.${SOCKET_PORT}.lock`))
}

/** Ends every process of PostgreSQL that works in `directory`. @throws DATABASE_LEFTOVER_PROCESSES */
export async function endProcessesIn(directory: string, clock: Clock): Promise<void> {
  await waitForChildren(directory, clock, { ...LIMITS, patienceMs: 0 })
}

/** The server that the lock file at `path` names, if it runs and works in `directory`. */
function livePostmaster(path: string, directory: string): ProcessIdentity | undefined {
  const pid = readLockFile(path)?.pid
  const identity = pid === undefined ? undefined : identify(pid)
  if (!identity) return undefined
  return process.platform !== 'linux' || worksIn(identity.pid, directory) ? identity : undefined
}

/**
 * Both lock files begin with the process id and the data directory
 * (postgresql.org/docs/18/storage-file-layout.html). Undefined when there is none.
 */
function readLockFile(path: string): { pid: number | undefined; directory: string } | undefined {
  try {
    const [first, directory = ''] = readFileSync(path, 'utf8').split('\n', 2)
    const pid = Number(first)
    return { pid: Number.isSafeInteger(pid) && pid > 1 ? pid : undefined, directory }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Removes the lock of the socket unless a live server of another data directory has it. PostgreSQL removes the socket. */
function removeSocketLock(path: string): void {
  const lock = readLockFile(path)
  if (lock && !livePostmaster(path, lock.directory)) rmSync(path, { force: true })
}

async function stopForgotten(
  { data, isOurs }: LeftoverPlace,
  postmaster: ProcessIdentity,
  clock: Clock,
): Promise<void> {
  if (!isOurs(postmaster.pid) && !isOrphan(postmaster.pid))
    throw new PlatformError('DATABASE_ALREADY_RUNNING', { path: data, pid: postmaster.pid })
  // Asked to stop fast, it ends its sessions and writes a checkpoint.
  signalProcess(postmaster, 'SIGINT')
  const gone = await becomesTrue(() => !isRunning(postmaster), ORPHAN_STOP_MS, clock)
  if (!gone) signalProcess(postmaster, 'SIGKILL')
}

async function waitForChildren(data: string, clock: Clock, limits: LeftoverLimits): Promise<void> {
  const none = (): boolean => processesIn(data).length === 0
  if (await becomesTrue(none, limits.patienceMs, clock)) return
  for (const child of processesIn(data)) signalProcess(child, 'SIGKILL')
  if (await becomesTrue(none, limits.killMs, clock)) return
  const pids = processesIn(data).map(({ pid }) => pid)
  throw new PlatformError('DATABASE_LEFTOVER_PROCESSES', {
    path: data,
    pids,
    waitedMs: limits.patienceMs + limits.killMs,
  })
}

async function becomesTrue(condition: () => boolean, withinMs: number, clock: Clock): Promise<boolean> {
  const endsAt = clock.monotonic() + withinMs
  while (!condition()) {
    if (clock.monotonic() >= endsAt) return false
    await clock.sleep(LOOK_MS)
  }
  return true
}

function processesIn(data: string): ProcessIdentity[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && worksIn(Number(name), data))
    .flatMap((name) => identify(Number(name)) ?? [])
}

/** A server and its children have the data directory as their working directory; initdb has it as an argument. */
function worksIn(pid: number, data: string): boolean {
  try {
    // A zombie has none.
    if (!/\/(postgres|initdb)$/.test(readlinkSync(`/proc/${pid}/exe`))) return false
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data) || args.includes(`--pgdata=${data}`)
  } catch {
    // It ended meanwhile, or belongs to another user and so is not ours.
    return false
  }
}

/** Its starter has died: its parent is the init process, of the system or of the user's session (`systemd --user`). */
function isOrphan(pid: number): boolean {
  const parent = parentOf(pid)
  return parent === 1 || (parent !== undefined && readOrEmpty(`/proc/${parent}/comm`).trim() === 'systemd')
}

function parentOf(pid: number): number | undefined {
  const stat = readOrEmpty(`/proc/${pid}/stat`)
  return stat === '' ? undefined : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return ''
  }
}
