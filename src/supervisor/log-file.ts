// Members' logs: one file a member, appended to by the member's own descriptor and bounded here. A member cannot be
// asked to open its file anew, so a full file is copied aside and cut to nothing ("copytruncate" of logrotate(8));
// that works because every writer has it open in append mode. What is written in the microseconds between the last
// read and the cut is lost: that is the price, paid once in 16 MiB.

import {
  closeSync,
  copyFileSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Installation } from '../base/installation.ts'

/** A log is rotated when it is larger. */
export const LOG_MAX_BYTES: number = 16 * 1024 * 1024
/** Rotated files that are kept beside the current one: `web-1.log.1` (newest), `web-1.log.2`. */
export const LOG_KEPT = 2

export function logPath(installation: Installation, name: string): string {
  return join(installation.logsDir, `${name}.log`)
}

/** A descriptor that appends to the member's log; the caller closes it. */
export function openLog(installation: Installation, name: string): number {
  return openSync(
    logPath(installation, name),
    constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT,
    0o600,
  )
}

export function logSizeBytes(installation: Installation, name: string): number {
  return statSync(logPath(installation, name), { throwIfNoEntry: false })?.size ?? 0
}

/** Rotates the log when it is larger than `maxBytes`. Returns whether it was. */
export function rotateLog(installation: Installation, name: string, maxBytes: number): boolean {
  if (logSizeBytes(installation, name) <= maxBytes) return false
  const path = logPath(installation, name)
  for (let kept = LOG_KEPT - 1; kept >= 1; kept--) renameIfPresent(`${path}.${kept}`, `${path}.${kept + 1}`)
  copyFileSync(path, `${path}.1.tmp`)
  copyRestAndCut(path, `${path}.1.tmp`)
  renameSync(`${path}.1.tmp`, `${path}.1`)
  return true
}

/** Brings the copy up to the source's last byte, then empties the source at once. */
function copyRestAndCut(source: string, copy: string): void {
  const from = openSync(source, 'r+')
  const to = openSync(copy, 'a')
  try {
    let copied = fstatSync(to).size
    // A writer that outruns this copy loses lines rather than filling the disk.
    const maxBytes = 2 * copied
    const buffer = Buffer.allocUnsafe(64 * 1024)
    while (copied < maxBytes) {
      const bytes = readSync(from, buffer, 0, buffer.length, copied)
      if (bytes === 0) break
      writeSync(to, buffer, 0, bytes)
      copied += bytes
    }
    ftruncateSync(from, 0)
  } finally {
    closeSync(from)
    closeSync(to)
  }
}

function renameIfPresent(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

const TAIL_BYTES = 256 * 1024

/** The last `count` lines of the file at `path` from byte `from` on, within its last 256 KiB; none when it is absent. */
export function lastLines(path: string, count: number, from = 0): readonly string[] {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
  try {
    const { size } = fstatSync(descriptor)
    // A file smaller than `from` was rotated meanwhile: all of it is newer.
    const begin = Math.max(size - TAIL_BYTES, from <= size ? from : 0)
    const buffer = Buffer.alloc(size - begin)
    const bytes = readSync(descriptor, buffer, 0, buffer.length, begin)
    const lines = buffer.toString('utf8', 0, bytes).split('\n')
    if (lines.at(-1) === '') lines.pop()
    if (begin > 0 && begin !== from) lines.shift()
    return count === 0 ? [] : lines.slice(-count)
  } finally {
    closeSync(descriptor)
  }
}
