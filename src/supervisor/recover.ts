// What a supervisor finds when it comes: members that a killed predecessor started. Those whose record says which
// process they are, and those of which only the intent was written before the kill, are adopted; every other process
// with the installation's mark is killed.

import type { Installation } from '../base/installation.ts'
import { installationId } from '../base/mark.ts'
import { isRunning } from '../base/process.ts'
import { readMemberRecords, writeMemberRecord, type MemberRecord } from './records.ts'
import { findMarked, killStrays } from './strays.ts'

/** The records of all members, each with its process if that runs. Kills what belongs to none of them. */
export function recoverMembers(installation: Installation): readonly MemberRecord[] {
  const id = installationId(installation)
  const marked = findMarked(id)
  const records = readMemberRecords(installation).map((record) => {
    if (record.process !== undefined || record.incarnation === '') return record
    const found = marked.find(({ incarnation, leader }) => leader && incarnation === record.incarnation)
    if (found === undefined) return record
    const completed = { ...record, process: found.identity }
    writeMemberRecord(installation, completed)
    return completed
  })
  const living = new Set(
    records
      .filter(({ process: identity }) => identity !== undefined && isRunning(identity))
      .map(({ incarnation }) => incarnation),
  )
  killStrays(id, ({ incarnation }) => !living.has(incarnation))
  return records
}
