// How many requests there were since a change began, from reports whose counters begin again from zero now and then
// (a balancer was reloaded). Pure; what is kept is written down with the change, so a later supervisor counts on.

import type { RouteReport } from '../../base/route.ts'
import type { Counted } from '../records.ts'

type Counters = Pick<RouteReport, 'counting' | 'requests' | 'failed'>

/** After `report`; the first one is where counting begins. */
export function count(before: Counted | undefined, { counting, requests, failed }: Counters): Counted {
  if (before === undefined) return { counting, requests, failed, sumRequests: 0, sumFailed: 0 }
  const isSame = before.counting === counting
  const since = (now: number, then: number): number => (isSame ? Math.max(0, now - then) : now)
  return {
    counting,
    requests,
    failed,
    sumRequests: before.sumRequests + since(requests, before.requests),
    sumFailed: before.sumFailed + since(failed, before.failed),
  }
}
