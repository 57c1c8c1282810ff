// Reads the facts about the machine that judge-machine.ts judges. Changes nothing: the data directory is not made.

import { accessSync, constants, readFileSync, statfsSync, statSync } from 'node:fs'
import { totalmem } from 'node:os'
import { dirname, join } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import type { Check } from './check.ts'
import {
  judgeClock,
  judgeDataDir,
  judgeDiskSpace,
  judgeFileSystem,
  judgeMemory,
  judgeNode,
  judgeOpenFiles,
  judgeUser,
} from './judge-machine.ts'

export interface MachineQuestion {
  readonly appDir: string
  readonly dataDir: string
  /** `web.maxConnections` */
  readonly maxConnections: number
}

/** The checks of the machine, in the order in which they are printed. */
export function checkMachine({ appDir, dataDir, maxConnections }: MachineQuestion): Check[] {
  const existing = nearestExisting(dataDir)
  const disk = statfsSync(existing)
  return [
    judgeNode(process.version),
    judgeUser(process.geteuid?.()),
    judgeMemory(memory()),
    judgeOpenFiles(openFilesLimit(), maxConnections),
    judgeClock(systemClock.now(), newestFileMs([appDir, join(appDir, 'package.json'), dataDir])),
    judgeDataDir(dataDir, existing === dataDir, writingProblem(existing)),
    judgeFileSystem(existing, process.platform === 'linux' ? disk.type : undefined),
    judgeDiskSpace(existing, disk.bavail * disk.bsize),
  ]
}

/** The path itself, or the nearest directory above it that exists. */
function nearestExisting(path: string): string {
  const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined
  return isThere || dirname(path) === path ? path : nearestExisting(dirname(path))
}

function writingProblem(existing: string): string | undefined {
  if (!statSync(existing).isDirectory()) return `cannot be a directory: ${existing} is a file`
  try {
    accessSync(existing, constants.W_OK | constants.X_OK)
    return undefined
  } catch {
    return `cannot be written by you${process.geteuid ? ` (uid ${process.geteuid()})` : ''}`
  }
}

function memory(): { totalBytes: number; availableBytes: number } {
  const limit = process.constrainedMemory()
  const totalBytes = limit > 0 ? Math.min(limit, totalmem()) : totalmem()
  return { totalBytes, availableBytes: Math.min(totalBytes, process.availableMemory()) }
}

/** proc(5), /proc/PID/limits. Node.js has raised its own to the hard limit, and so do its children. */
function openFilesLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    return soft === undefined || soft === 'unlimited' ? undefined : Number(soft)
  } catch {
    return undefined
  }
}

function newestFileMs(paths: readonly string[]): number {
  return Math.max(0, ...paths.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0))
}
