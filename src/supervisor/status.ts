// What is told of an installation: the public shape of `pando status --json`, and the longer report that the control
// socket gives to our own commands.

import type { Health } from '../base/service.ts'
import { isRunning } from '../base/process.ts'
import type { Installation } from '../base/installation.ts'
import type { ChangeReport } from './change.ts'
import type { MemberState } from './member-state.ts'
import { readMemberRecords, readWanted, type StartFailure } from './records.ts'

/** One line of `pando status`. */
export interface MemberStatus {
  readonly name: string
  readonly tier: string
  readonly state: Health['state']
  /** `null` when it has no process. */
  readonly pid: number | null
  readonly address: string
  /** Starts after the first one since `up`. */
  readonly restarts: number
  readonly detail: string
}

/** `pando status --json`, exactly. */
export interface InstallationStatus {
  readonly stage: string
  readonly endpoints: { readonly web: string | null }
  readonly members: readonly MemberStatus[]
}

/** What the balancers of one tier, or the tier itself, have seen since they began to count. */
export interface RouteFigures {
  readonly tier: string
  readonly requests: number
  /** Of them: answered without the application, or not whole. */
  readonly failed: number
  /** Requests that waited for a server. */
  readonly waiting: number
}

/** What the supervisor says of itself to `up`, `down` and the commands of a live change. */
export interface Report {
  readonly status: InstallationStatus
  readonly pid: number
  readonly wanted: 'up' | 'down'
  /** Everything was ready at least once since `up`. */
  readonly reached: boolean
  readonly failure: StartFailure | null
  /** Milliseconds from a member's start to its first answer, where this supervisor saw it. */
  readonly readyAfterMs: Readonly<Record<string, number>>
  /** The change under way, or the last one since `up`. */
  readonly change: ChangeReport | null
  /** By the last report of every router; empty while there is none. */
  readonly routes: readonly RouteFigures[]
}

/** What is known of a member beside its state. */
export interface MemberNews {
  /** What its last probe said. */
  readonly detail: string
  /** How it ended last. */
  readonly failure: string | undefined
  /** Members that it needs and that are not ready. */
  readonly missing: readonly string[]
}

/** What the state of one member is called outside, and what is said of it. Pure. */
export function describeMember(
  state: MemberState,
  nowMs: number,
  says: {
    readonly detail: string
    readonly failure: string | undefined
    readonly missing: readonly string[]
  },
): Pick<MemberStatus, 'state' | 'detail'> {
  if (state.phase === 'idle') return describeIdle(state, nowMs, says)
  if (state.phase === 'stopping') return { state: 'stopping', detail: '' }
  if (state.phase === 'starting')
    return {
      // A supervisor that has just come has asked nobody yet; what it adopted did not stop for it.
      state: state.isServing && says.detail === '' ? 'running' : 'starting',
      detail: says.detail,
    }
  if (state.phase === 'preparing')
    return {
      state: 'starting',
      detail: says.failure === undefined ? 'is prepared' : `again: ${says.failure}`,
    }
  if (state.unanswered === undefined)
    return { state: state.isServing ? 'running' : 'starting', detail: says.detail }
  const seconds = Math.round((nowMs - state.unanswered.sinceMs) / 1000)
  return { state: 'running', detail: `has not answered for ${seconds} s: ${says.detail}` }
}

function describeIdle(
  state: MemberState,
  nowMs: number,
  { failure, missing }: MemberNews,
): Pick<MemberStatus, 'state' | 'detail'> {
  const waits = missing.length === 0 ? undefined : `waits for ${missing.join(', ')}`
  if (failure === undefined) return { state: 'stopped', detail: waits ?? '' }
  const seconds = Math.max(0, Math.ceil((state.retryAtMs - nowMs) / 1000))
  return { state: 'failed', detail: `${failure}; ${waits ?? `starts again in ${seconds} s`}` }
}

/** The status by what was written down, when there is no supervisor to ask; undefined when there was never one. */
export function statusFromRecords(installation: Installation): InstallationStatus | undefined {
  const wanted = readWanted(installation)
  const records = new Map(readMemberRecords(installation).map((record) => [record.spec.name, record]))
  if (wanted === undefined && records.size === 0) return undefined
  const specs = new Map((wanted?.plan.members ?? []).map((spec) => [spec.name, spec]))
  for (const { spec } of records.values()) specs.set(spec.name, spec)
  return {
    stage: wanted?.plan.stage ?? 'unknown',
    endpoints: { web: wanted?.plan.endpoints.web ?? null },
    members: [...specs.values()].map((spec) => {
      const record = records.get(spec.name)
      const runs = record?.process !== undefined && isRunning(record.process)
      return {
        name: spec.name,
        tier: spec.tier,
        state: runs ? 'running' : 'stopped',
        pid: runs ? record.process.pid : null,
        address: spec.address,
        restarts: record?.restarts ?? 0,
        detail: runs ? 'runs without a supervisor' : '',
      }
    }),
  }
}
