// What to think of an application's source, as far as several web servers are concerned. Pure.

import type { Accepted, Finding } from '../../inspect/inspect.ts'
import type { Unreadable } from '../../inspect/syntax/parse.ts'
import { isFronted, type Topology } from '../../topology/schema.ts'
import { fail, ok, warn, type Check } from './check.ts'

/** What was found in the source; part of what `--json` prints. */
export interface SourceReport {
  /** How many files were read. */
  readonly files: number
  readonly findings: readonly Finding[]
  /** With the reason that stands beside the code. */
  readonly accepted: readonly Accepted[]
  readonly unread: readonly Unreadable[]
  /** Files beyond the bound, which were not read. */
  readonly leftOut: number
}

/** `one`: it works today. `several`: it breaks today. `sticky`: it breaks when a visitor's server goes away. */
export type Servers = 'one' | 'several' | 'sticky'

export function serversOf(topology: Topology | undefined): Servers {
  if (topology === undefined) return 'one'
  if (topology.balancer.sticky === 'cookie') return 'sticky'
  const isSeveral = topology.web.servers > 1 || topology.web.autoscale !== undefined || isFronted(topology)
  return isSeveral ? 'several' : 'one'
}

const NAME = 'source'
const FIX =
  'Use what stands under each finding, or accept it beside the code with `// pando: per-process <reason>`; docs/how-to/stateless.md explains.'

export function judgeSource(report: SourceReport, servers: Servers): Check {
  const faults = report.findings.filter(({ isScratch }) => !isScratch)
  const files = `${report.files} ${report.files === 1 ? 'file' : 'files'}`
  const rest = restOf(report)
  if (faults.length > 0) {
    const places = `${faults.length} ${faults.length === 1 ? 'place' : 'places'} in ${files}`
    if (servers === 'several')
      return fail(
        NAME,
        `${places} that break on several servers${rest}`,
        `${FIX} Until then \`balancer.sticky: 'cookie'\` keeps a visitor on one server.`,
      )
    const when =
      servers === 'sticky'
        ? 'that only `balancer.sticky` holds together'
        : 'that would break on several servers'
    return warn(NAME, `${places} ${when}${rest}`, FIX)
  }
  const found = `${files}, nothing that would break on several servers${rest}`
  if (report.unread.length > 0) return warn(NAME, found, 'Correct them; the rest was examined.')
  return report.leftOut > 0 ? warn(NAME, found, 'Look through the others yourself.') : ok(NAME, found)
}

function restOf({ findings, accepted, unread, leftOut }: SourceReport): string {
  const scratch = findings.filter(({ isScratch }) => isScratch).length
  const parts = [
    [accepted.length, 'accepted'],
    [scratch, 'for scratch files'],
    [unread.length, 'not readable'],
    [leftOut, 'files beyond the bound, not read'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, what]) => `; ${count} ${what}`)
    .join('')
}
