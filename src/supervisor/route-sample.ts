// What those who decide on the number of members by themselves are given after every report of a router. Pure.

import type { RouteReport } from '../base/route.ts'
import type { Wanted } from './records.ts'
import { placementsOf } from './rollout/changes.ts'
import type { Seen } from './rollout/seen.ts'

/** What is so for one tier behind a router. */
export interface RouteSample {
  readonly tier: string
  readonly report: RouteReport
  /** Names of members that get requests now. */
  readonly inService: readonly string[]
  /** How many there are to be, the drained ones aside. */
  readonly wanted: number
  readonly isChanging: boolean
  /** The last change was rolled back or failed. */
  readonly lastChangeFailed: boolean
  /** `Plan.source` */
  readonly source: unknown
}

/** The sample of `tier` as everything is seen now. */
export function sampleOf(
  tier: string,
  report: RouteReport,
  wanted: Wanted,
  seen: ReadonlyMap<string, Seen>,
  isChanging: boolean,
): RouteSample {
  const placements = placementsOf(wanted).filter(({ spec, isDrained }) => spec.tier === tier && !isDrained)
  const names = placements.map(({ spec }) => spec.name)
  return {
    tier,
    report,
    inService: names.filter((name) => seen.get(name)?.inService === true),
    wanted: placements.length,
    isChanging,
    lastChangeFailed: ['rolled back', 'failed'].includes(wanted.lastChange?.state ?? ''),
    source: wanted.plan.source,
  }
}
