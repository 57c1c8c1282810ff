// What to think of the HAProxy of this machine. Only asked where the plan has a balancer. Pure.

import type { PlatformError } from '../../base/errors.ts'
import { fail, ok, type Check } from './check.ts'

/** `version` as HAProxy gives it: `2.6.12-1+deb12u4`. */
export type FoundHaproxy = { readonly path: string; readonly version: string } | PlatformError

/** `found`: the program, or why there is none that the balancer could use. */
export function judgeHaproxy(found: FoundHaproxy): Check {
  const name = 'haproxy'
  if ('path' in found) return ok(name, `${found.version}, ${found.path}`)
  return fail(name, found.message, found.fix)
}
