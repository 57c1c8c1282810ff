// Starts the process of a member: it leads a group of its own, writes to its log by itself, and carries the mark by
// which it is found again.

import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync } from 'node:fs'
import type { Installation } from '../base/installation.ts'
import { installationId, MARK, markOf } from '../base/mark.ts'
import type { Launch } from '../base/member.ts'
import { openLog } from './log-file.ts'
import type { MemberRecord } from './records.ts'

/** The started process, or one without a pid when its program cannot be run: then it emits `error`. */
export function spawnMember(
  launch: Launch,
  { spec: { name }, incarnation }: MemberRecord,
  installation: Installation,
): ChildProcess {
  const output = openLog(installation, name)
  try {
    return spawn(launch.file, launch.args, {
      cwd: launch.cwd,
      env: { ...launch.env, [MARK]: markOf(installationId(installation), name, incarnation) },
      detached: true,
      stdio: ['ignore', output, output],
      ...(launch.uid === undefined ? {} : { uid: launch.uid }),
      ...(launch.gid === undefined ? {} : { gid: launch.gid }),
    })
  } finally {
    closeSync(output)
  }
}
