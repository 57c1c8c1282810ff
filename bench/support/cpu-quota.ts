// Caps processes to a share of a core by a control group: version 2 (cgroup2, `cpu.max`) or 1 (`cpu.cfs_quota_us`). Needs
// root. Source: Linux kernel documentation, admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst.

import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Short, so that a capped server pauses often and briefly in place of seldom and long.
const PERIOD_US = 20_000

const isVersion2 = existsSync('/sys/fs/cgroup/cgroup.controllers')
const base = isVersion2 ? '/sys/fs/cgroup' : '/sys/fs/cgroup/cpu'

export interface CpuQuota extends Disposable {
  /** Caps `pid`, and all it starts from now on, to its own share. */
  cap(pid: number): void
}

/** Groups that each give `share` of one core (0 to 1). Disposed of when their processes have ended. */
export function cpuQuota(name: string, share: number): CpuQuota {
  const made: string[] = []
  return {
    cap(pid) {
      const group = join(base, `${name}-${pid}`)
      mkdirSync(group, { recursive: true })
      made.push(group)
      const quota = Math.round(PERIOD_US * share)
      if (isVersion2) writeFileSync(join(group, 'cpu.max'), `${quota} ${PERIOD_US}`)
      else {
        writeFileSync(join(group, 'cpu.cfs_period_us'), String(PERIOD_US))
        writeFileSync(join(group, 'cpu.cfs_quota_us'), String(quota))
      }
      writeFileSync(join(group, 'cgroup.procs'), String(pid))
    },
    [Symbol.dispose]() {
      const parent = join(base, 'cgroup.procs')
      for (const group of made) {
        for (const pid of readFileSync(join(group, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean))
          writeFileSync(parent, pid)
        rmdirSync(group)
      }
    },
  }
}
