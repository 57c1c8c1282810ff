// How the supervisor comes to the engine of a member and to routers: from the module that the plan names, or, for a
// member that is only to be stopped, from its own record.

import { pathToFileURL } from 'node:url'
import type { Clock } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import type { MemberContext, MemberEngine, MemberReadiness, MemberSpec } from '../base/member.ts'
import type { MemberRouter } from '../base/route.ts'
import type { ScalingSettings } from './autoscale/decide.ts'
import { hashPlacement, type MemberRecord, type Placement, type Plan } from './records.ts'
import type { Abilities } from './rollout/target.ts'
import { within } from './time-limit.ts'

/** An engine promises an answer within 2 s; one that breaks the promise must not stop the supervisor's watch. */
const PROBE_LIMIT_MS = 5_000
/** A balancer checks its files and starts its new process in it, also on a machine that is busy. */
const RELOAD_LIMIT_MS = 30_000

/** What the module of a plan (`Plan.enginesModule`) exports. */
export interface EnginesModule {
  readonly loadEngine: (key: string) => Promise<MemberEngine>
  readonly loadRouter: (key: string) => Promise<MemberRouter>
  /** The same plan with `count` members of the tier that has a route; of its own, what `Plan.source` was made of. */
  readonly withWebServers?: (source: never, count: number) => Omit<Plan, 'appDir' | 'enginesModule'>
  /** How many of them there may be at once while it runs. */
  readonly maxWebServers?: (source: never) => number
  /** When that tier grows and shrinks by its load. */
  readonly autoscaleOf?: (source: never) => ScalingSettings | undefined
}

export function loadEngines({ enginesModule }: Pick<Plan, 'enginesModule'>): Promise<EnginesModule> {
  return import(pathToFileURL(enginesModule).href) as Promise<EnginesModule>
}

/** How this member is asked to stop, and how long that may take. */
export function stopOf(spec: MemberSpec, engine: MemberEngine): MemberEngine['stop'] {
  return engine.stopOf?.(spec) ?? engine.stop
}

/** Whether the member serves, by its own word; none is one that says no. */
export function askReady(
  engine: MemberEngine,
  spec: MemberSpec,
  context: MemberContext,
  clock: Clock,
): Promise<MemberReadiness> {
  return within(clock, PROBE_LIMIT_MS, engine.probe(spec, context)).catch((error: unknown) => ({
    ready: false,
    detail: describeError(error),
  }))
}

/** Has the process `pid` become one of `spec` in place; resolves with why it did not, or with undefined. */
export function askReload(
  engine: MemberEngine,
  spec: MemberSpec,
  pid: number,
  context: MemberContext,
  clock: Clock,
): Promise<unknown> {
  return within(clock, RELOAD_LIMIT_MS, engine.reload!(spec, pid, context)).then(
    () => undefined,
    (error: unknown) => error ?? new Error('gave no reason'),
  )
}

/** The record of a member that has no process yet. */
export function neverStarted({ spec, renewal }: Placement, engine: MemberEngine): MemberRecord {
  return {
    spec,
    renewal,
    specHash: hashPlacement({ spec, renewal }),
    incarnation: '',
    stop: stopOf(spec, engine),
    restarts: 0,
  }
}

/** The record of the next start of the member of `record`, as `placement` wants it. */
export function nextStart(record: MemberRecord, placement: Placement, engine: MemberEngine): MemberRecord {
  const { incarnation, restarts } = record
  return {
    ...neverStarted(placement, engine),
    incarnation,
    restarts: incarnation === '' ? 0 : restarts + 1,
  }
}

/** For a member that runs and is not wanted any more: its record says how it is stopped. */
export function onlyToStop({ stop }: MemberRecord): MemberEngine {
  return {
    prepare: () => Promise.reject(new Error('This member is only stopped, never started.')),
    probe: () => Promise.resolve({ ready: false, detail: 'is not wanted any more' }),
    stop,
    startDeadlineMs: Number.POSITIVE_INFINITY,
  }
}

/** What the loaded modules, by their path, can tell of their plans. */
export function abilitiesOf(
  modules: ReadonlyMap<string, EnginesModule>,
  canReload: Abilities['canReload'],
): Abilities {
  return {
    canReload,
    resize(plan, count) {
      const resize = modules.get(plan.enginesModule)?.withWebServers
      if (resize === undefined || plan.source === undefined) return undefined
      return { ...plan, ...resize(plan.source as never, count) }
    },
    maxServers(plan) {
      const max = modules.get(plan.enginesModule)?.maxWebServers
      return max === undefined || plan.source === undefined ? 0 : max(plan.source as never)
    },
  }
}
