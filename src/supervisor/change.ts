// What the control socket takes and tells of a live change: the contract between the supervisor, which makes it, and
// the commands that ask for it. A change is written down (records.ts), so it goes on under the next supervisor.

import type { Plan } from './records.ts'

/** `POST /change`. One change at a time: another is refused with SUPERVISOR_CHANGE_UNDER_WAY. */
export type ChangeRequest =
  /** To another plan: an edited topology, other application code. */
  | { readonly kind: 'apply'; readonly plan: Plan }
  /** To another number of members of `tier`; until the next `apply`. */
  | { readonly kind: 'scale'; readonly tier: string; readonly count: number }
  /** Takes `member` out of service, another takes its place; its process goes on without requests. */
  | { readonly kind: 'drain'; readonly member: string }
  /** Puts a drained member back; the one that stood in for it goes. */
  | { readonly kind: 'restore'; readonly member: string }
  /** Replaces every process of `tier` by a new one, one after the other; a balancer's takes up its files again. */
  | { readonly kind: 'restart'; readonly tier: string }

/**
 * `running`; `rolling back`: a new member did not become ready, and what was before is put back; and how it ended:
 * `done`; `rolled back`, everything is as it was; `failed`, see `reason`.
 */
export type ChangeState = 'running' | 'rolling back' | 'done' | 'rolled back' | 'failed'

/** `GET /report` has the change under way, or the last one. */
export interface ChangeReport {
  readonly id: string
  readonly kind: ChangeRequest['kind']
  /** Why it began where no person asked for it: `utilisation 0.83 over 10 s, target 0.60: 3 → 5`. */
  readonly reason: string | undefined
  readonly state: ChangeState
  /** What it does now, for a person: `web-2 finishes 3 requests`. */
  readonly step: string
  /** Members brought to what is wanted, of all that are not yet at the beginning. */
  readonly done: number
  readonly of: number
  /** Of visitors, during the change, as the routers count them; undefined where nothing counts (a shared port). */
  readonly requests: number | undefined
  readonly failedRequests: number | undefined
  readonly durationMs: number
  /** Why it was rolled back or failed: code, message and fix of the member's failure with the end of its log. */
  readonly failure:
    | {
        readonly code: string
        readonly message: string
        readonly fix: string
        readonly member: string | undefined
        readonly lines: readonly string[]
      }
    | undefined
}
