// How many requests there were since a change began, from counters that begin again from zero now and then (a balancer was
// restarted). Pure; what is kept is written down with the change, so a later supervisor counts on.

import type { FrontCount, RouteReport } from '../../base/route.ts'
import type { Counted } from '../records.ts'

type Counters = Pick<RouteReport, 'counting' | 'requests' | 'failed' | 'fronts'>

/** After `report`; the first one is where counting begins. One that is silent for a while is counted on from its last. */
export function count(before: Counted | undefined, { fronts, ...whole }: Counters): Counted {
  const counters: readonly FrontCount[] = fronts ?? [{ name: 'all', ...whole }]
  const last = { ...before?.last, ...Object.fromEntries(counters.map((each) => [keyOf(each), each])) }
  if (before === undefined) return { last, sumRequests: 0, sumFailed: 0 }
  const added = (of: 'requests' | 'failed'): number =>
    counters.reduce((sum, now) => {
      const then = before.last[keyOf(now)]
      return sum + (then === undefined ? now[of] : Math.max(0, now[of] - then[of]))
    }, 0)
  return {
    last,
    sumRequests: before.sumRequests + added('requests'),
    sumFailed: before.sumFailed + added('failed'),
  }
}

/** Whether a counter began: what the one before it had counted may be in no later report. */
export function isNewCount(before: Counted, after: Counted): boolean {
  return Object.keys(after.last).some((key) => before.last[key] === undefined)
}

function keyOf({ name, counting }: FrontCount): string {
  return `${name} ${counting}`
}
