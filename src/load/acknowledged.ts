// The record of acknowledged writes and its check. One JSON line for each write that the server acknowledged, and one
// for each update or deletion that stayed without an answer: what such a write did cannot be known, so the thing it
// was about is not checked. After a crash every other write must still be there.
//
// {"at":"2026-11-22T10:00:00.000Z","call":"POST comment","outcome":"acknowledged","write":{"key":"comment 17",…}}
// {"at":"2026-11-22T10:00:00.010Z","call":"DELETE comment","outcome":"unknown","write":{"key":"comment 17"}}

import { readFileSync } from 'node:fs'
import { PlatformError } from '../base/errors.ts'
import { semaphore } from '../base/limits.ts'
import type { LoadClient } from './client.ts'
import type { AcknowledgedWrite, Mix } from './mix.ts'
import { verdictOf } from './probe.ts'

export interface WriteRecord {
  /** ISO 8601, when the answer came. */
  readonly at: string
  readonly call: string
  readonly outcome: 'acknowledged' | 'unknown'
  readonly write: AcknowledgedWrite
}

/** The records in a file. A last line cut off by the end of the writer is left out. @throws LOAD_RECORD_INVALID */
export function readWriteRecords(file: string): WriteRecord[] {
  const lines = readFileSync(file, 'utf8').split('\n')
  // After the last newline there is nothing, or a line that was not finished.
  lines.pop()
  return lines.map((line, index) => {
    try {
      const record = JSON.parse(line) as WriteRecord
      if (typeof record.write.key !== 'string') throw new Error('it has no key')
      return record
    } catch (cause) {
      const reason = (cause as Error).message
      throw new PlatformError('LOAD_RECORD_INVALID', { file, line: index + 1, reason }, { cause })
    }
  })
}

/** The last acknowledged write of each thing, without the things whose last write has an unknown outcome. Pure. */
export function lastWrites(records: readonly WriteRecord[]): WriteRecord[] {
  const last = new Map<string, WriteRecord>()
  for (const record of records) last.set(record.write.key, record)
  return [...last.values()].filter(({ outcome }) => outcome === 'acknowledged')
}

export interface Verification {
  /** Records in the file. */
  readonly records: number
  /** Things whose last acknowledged write was checked. */
  readonly checked: number
  /** Things that cannot be checked: a write of unknown outcome, or no way to read it back. */
  readonly unverifiable: number
  /** Acknowledged and not there. Empty is what is promised. */
  readonly missing: readonly WriteRecord[]
  /** There more often than it was written. Empty is what is promised. */
  readonly duplicated: readonly WriteRecord[]
  /** Could not be read: no answer, or a status of 500 and above. */
  readonly unreadable: readonly WriteRecord[]
}

const READS_AT_ONCE = 8

/**
 * Reads the last acknowledged write of everything back from the running application.
 * @throws LOAD_NOT_VERIFIABLE when the mix has no `readBack`.
 */
export async function verifyWrites<State>(
  records: readonly WriteRecord[],
  mix: Mix<State>,
  state: State,
  client: LoadClient,
): Promise<Verification> {
  const readBack = mix.readBack?.bind(mix)
  if (readBack === undefined) throw new PlatformError('LOAD_NOT_VERIFIABLE', { mix: mix.name })
  const wanted = lastWrites(records)
  const missing: WriteRecord[] = []
  const duplicated: WriteRecord[] = []
  const unreadable: WriteRecord[] = []
  let checked = 0
  const gate = semaphore('the check of acknowledged writes', READS_AT_ONCE, wanted.length)
  const check = async (record: WriteRecord): Promise<void> => {
    const reads = await readBack(state, record.write, 'verify')
    if (reads.length > 0) checked++
    const verdicts = await Promise.all(reads.map((read) => verdictOf(client, read)))
    if (verdicts.includes('duplicated')) duplicated.push(record)
    if (verdicts.includes('stale')) missing.push(record)
    else if (verdicts.includes('failed')) unreadable.push(record)
  }
  await Promise.all(wanted.map((record) => gate.run(() => check(record))))
  const things = new Set(records.map(({ write }) => write.key)).size
  return { records: records.length, checked, unverifiable: things - checked, missing, duplicated, unreadable }
}
