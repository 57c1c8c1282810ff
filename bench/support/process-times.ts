// CPU time of processes that are not ours to ask, by proc(5).

import { readdirSync, readFileSync } from 'node:fs'

// sysconf(_SC_CLK_TCK), which Linux fixes at 100 for what proc(5) shows.
const TICKS_PER_SECOND = 100

interface ProcessTimes {
  readonly parent: number
  readonly seconds: number
}

function allProcesses(): Map<number, ProcessTimes> {
  const processes = new Map<number, ProcessTimes>()
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'latin1')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      // Its own, and of its children that have ended.
      const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
      processes.set(Number(entry), { parent: Number(fields[1]), seconds: ticks / TICKS_PER_SECOND })
    } catch {
      // It ended while the list was read.
    }
  }
  return processes
}

/** CPU seconds, user and system, of the processes `pids` and all their children, those that have ended too. */
export function cpuSecondsOf(pids: readonly number[]): number {
  const processes = allProcesses()
  const withChildren = (pid: number): number =>
    [...processes]
      .filter(([, { parent }]) => parent === pid)
      .reduce((sum, [child]) => sum + withChildren(child), processes.get(pid)?.seconds ?? 0)
  return pids.reduce((sum, pid) => sum + withChildren(pid), 0)
}
