// Starts a supervisor or a watchdog as a process that belongs to nobody: a group and session of its own, no terminal,
// output to logs/supervisor.log.

import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Installation } from '../base/installation.ts'
import { MARK } from '../base/mark.ts'
import { moduleFile } from '../base/process.ts'
import { openLog } from './log-file.ts'
import type { Role } from './records.ts'

/** Exit status of a supervisor or watchdog whose role is taken (sysexits.h, EX_TEMPFAIL). */
export const EXIT_LOCKED = 75

/** Starts a process for `role`. The caller need not wait for it and does not keep running for its sake. */
export function spawnRole(role: Role, installation: Installation, args: readonly string[]): ChildProcess {
  const output = openLog(installation, 'supervisor')
  // The mark of a member is not passed on: who starts an installation from inside another one's member must not have
  // it taken for a part of that member.
  const env = { ...process.env }
  delete env[MARK]
  try {
    const child = spawn(
      process.execPath,
      [moduleFile(import.meta.url, `./${role}-main`), installation.dataDir, ...args],
      { detached: true, stdio: ['ignore', output, output], env, cwd: installation.dataDir },
    )
    // Its death is noticed by its record; this only keeps a failed start from being an uncaught error here.
    child.once('error', () => {})
    child.unref()
    return child
  } finally {
    closeSync(output)
  }
}
