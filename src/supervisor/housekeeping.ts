// What is to be done now and then, and once at the end: logs do not grow without end, and no process is left that
// belongs to no member.

import type { Clock } from '../base/clock.ts'
import type { Installation } from '../base/installation.ts'
import { installationId } from '../base/mark.ts'
import { LOG_MAX_BYTES, rotateLog } from './log-file.ts'
import type { SupervisedMember } from './supervised-member.ts'
import { findMarked, killStrays } from './strays.ts'

/** Between rotations of logs and searches for strays. */
const HOUSEKEEPING_MS = 5_000
/** A process that is being killed needs a moment; one in the kernel's hands may need longer than anybody waits. */
const CLEAR_ROUNDS = 50
const CLEAR_PAUSE_MS = 20

/** A function to call in every round. */
export function housekeeper(
  installation: Installation,
  members: ReadonlyMap<string, SupervisedMember>,
): (nowMs: number) => void {
  let keptMs = 0
  return (nowMs) => {
    if (nowMs - keptMs < HOUSEKEEPING_MS) return
    keptMs = nowMs
    for (const name of [...members.keys(), 'supervisor']) rotateLog(installation, name, LOG_MAX_BYTES)
    const living = new Set([...members.values()].map(({ record }) => record.incarnation))
    killStrays(installationId(installation), ({ incarnation }) => !living.has(incarnation))
  }
}

/** Kills everything with the installation's mark. */
export async function clearAll(installation: Installation, clock: Clock): Promise<void> {
  const id = installationId(installation)
  for (let round = 0; round < CLEAR_ROUNDS && findMarked(id).length > 0; round++) {
    killStrays(id, () => true)
    await clock.sleep(CLEAR_PAUSE_MS)
  }
}
