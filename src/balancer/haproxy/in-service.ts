// What is in service, remembered in one small file for all balancer processes, so that one that is started again or
// reloaded begins with the right servers. The router writes it before it tells the processes: it holds the wish.

import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Installation } from '../../base/installation.ts'
import type { Wanted } from './reconcile.ts'

const fileOf = ({ runDir }: Installation): string => join(runDir, 'balancer-in-service.json')

/** What was wished last; nothing where no file is, or none of ours. */
export function readInService(installation: Installation): Wanted {
  try {
    return JSON.parse(readFileSync(fileOf(installation), 'utf8')) as Wanted
  } catch {
    // Without it the servers are out of service until the router's next call, which comes within a second.
    return {}
  }
}

/** Replaces the file as a whole when it says something else. */
export function writeInService(installation: Installation, wanted: Wanted): void {
  const text = JSON.stringify(wanted)
  if (JSON.stringify(readInService(installation)) === text) return
  const path = fileOf(installation)
  const temporary = `${path}.${process.pid}.new`
  writeFileSync(temporary, text, { mode: 0o600 })
  renameSync(temporary, path)
}
