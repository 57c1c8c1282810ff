// The mark that every member's process carries in its environment, by which an installation knows its own processes
// without believing a file: `PANDO_MEMBER_ID=<installation>/<member>/<incarnation>`. An incarnation is one start.
//
// A process that overwrites its environment loses it: PostgreSQL's children do, for their titles; its postmaster does
// not.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Installation } from './installation.ts'

export const MARK = 'PANDO_MEMBER_ID'

/** Sixteen hexadecimal digits that name the installation; the same from every path that leads to it. */
export function installationId({ dataDir }: Pick<Installation, 'dataDir'>): string {
  return createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
}

/** The value of the mark for one start of a member. */
export function markOf(installation: string, member: string, incarnation: string): string {
  return `${installation}/${member}/${incarnation}`
}

export interface Marked {
  readonly member: string
  readonly incarnation: string
}

/** What the installation's mark in `environment` says; undefined when there is none, or another installation's. */
export function readMark(environment: string, installation: string): Marked | undefined {
  const mark = new RegExp(String.raw`(?:^|[\0 ])${MARK}=${installation}/([^/\0 ]+)/([^/\0 ]+)`)
  const [, member, incarnation] = mark.exec(environment) ?? []
  return member === undefined || incarnation === undefined ? undefined : { member, incarnation }
}

/**
 * The environment that the process `pid` was started with, as one text; empty when it cannot be read: the process is
 * gone, or another user's. On macOS the command precedes it (`ps -E`).
 */
export function environmentOf(pid: number): string {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/environ`, 'latin1')
    return execFileSync('ps', ['-Eww', '-o', 'command=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return ''
  }
}
