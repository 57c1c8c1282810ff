// What a killed server leaves: children that have not noticed yet, and `postmaster.pid`. Starting while a child still
// writes would destroy data, so the children are waited for and then killed (they belong to a dead server: crash
// recovery comes in any case). The pid file is believed only if its process really serves this directory, because a pid
// may have been given to a stranger since.
//
// Looks at /proc, so processes are found on Linux only; elsewhere PostgreSQL's own check of its shared memory refuses
// a start that comes too early, and the start is tried again.

import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { identify, isRunning, signalProcess, type ProcessIdentity } from '../../base/process.ts'

export interface LeftoverLimits {
  /** How long processes may take to go by themselves. */
  readonly patienceMs: number
  /** How long they may take after a signal that cannot be ignored. */
  readonly killMs: number
}

const LIMITS: LeftoverLimits = { patienceMs: 3_000, killMs: 5_000 }
const ORPHAN_STOP_MS = 20_000
const LOOK_MS = 25

/**
 * Returns when nothing of an earlier server uses the data directory. A live server whose parent has died is stopped.
 * @throws DATABASE_ALREADY_RUNNING when a live server has a live parent; DATABASE_LEFTOVER_PROCESSES when killed
 * processes do not go.
 */
export async function clearLeftovers(
  data: string,
  clock: Clock,
  limits: LeftoverLimits = LIMITS,
): Promise<void> {
  const postmaster = livePostmaster(data)
  if (postmaster) await stopOrphan(data, postmaster, clock)
  await waitForChildren(data, clock, limits)
  rmSync(join(data, 'postmaster.pid'), { force: true })
}

/** Ends every process of PostgreSQL that works in `directory`. @throws DATABASE_LEFTOVER_PROCESSES */
export async function endProcessesIn(directory: string, clock: Clock): Promise<void> {
  await waitForChildren(directory, clock, { ...LIMITS, patienceMs: 0 })
}

/** The server that `postmaster.pid` names, if it runs and works in this data directory. */
function livePostmaster(data: string): ProcessIdentity | undefined {
  const pid = readPostmasterPid(data)
  const identity = pid === undefined ? undefined : identify(pid)
  if (!identity) return undefined
  return process.platform !== 'linux' || worksIn(identity.pid, data) ? identity : undefined
}

/** The first line of `postmaster.pid` (postgresql.org/docs/18/storage-file-layout.html), or undefined. */
export function readPostmasterPid(data: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n', 1)[0])
    return Number.isSafeInteger(pid) && pid > 1 ? pid : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function stopOrphan(data: string, postmaster: ProcessIdentity, clock: Clock): Promise<void> {
  if (parentOf(postmaster.pid) !== 1)
    throw new PlatformError('DATABASE_ALREADY_RUNNING', { path: data, pid: postmaster.pid })
  // Nobody looks after it any more: asked to stop fast, it ends its sessions and writes a checkpoint.
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
    if (!/\/(postgres|initdb)$/.test(readlinkSync(`/proc/${pid}/exe`))) return false
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data) || args.includes(`--pgdata=${data}`)
  } catch {
    // It ended meanwhile, or belongs to another user and so is not ours.
    return false
  }
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}
