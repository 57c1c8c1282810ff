// Turns what the supervisor has anyway, the router's report and what the last probes said, into what is decided by.

import type { MemberReadiness } from '../../base/member.ts'
import type { RouteReport } from '../../base/route.ts'
import type { LoadSample } from './series.ts'

/** A sample without its time. */
export type Measured = Omit<LoadSample, 'atMs'>

export interface Circumstance {
  /** Of the tier's router, of the last second. Undefined while it does not answer. */
  readonly route: RouteReport | undefined
  /** What the last probe of each running member of the tier said, by the member's name. */
  readonly loads: ReadonlyMap<string, MemberReadiness['load']>
  readonly wanted: number
  readonly isChanging: boolean
  readonly lastChangeFailed: boolean
}

/** In service is who gets requests by the router's own account. Pure. */
export function measured({ route, loads, wanted, isChanging, lastChangeFailed }: Circumstance): Measured {
  const ready = (route?.upstreams ?? []).filter(({ carriedOut }) => carriedOut === 'ready')
  const servers = ready.flatMap(({ name }) => {
    const load = loads.get(name)
    return load === undefined ? [] : [{ name, utilisation: load.utilisation, loopDelayP99Ms: load.delayMs }]
  })
  return {
    servers,
    active: ready.reduce((sum, { active }) => sum + active, 0),
    waiting: route?.waiting ?? 0,
    waitMs: route?.waitMs ?? 0,
    inService: ready.length,
    wanted,
    isChanging,
    lastChangeFailed,
  }
}
