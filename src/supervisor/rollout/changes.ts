// Carries a live change through: begins it, takes the steps that rollout.ts names, puts back what was before when one
// fails, and tells how it goes. Everything that it needs to go on is written down before a step is taken, so the next
// supervisor does so after a kill.

import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import { secretToken } from '../../base/random.ts'
import type { Route, RouteReport } from '../../base/route.ts'
import type { ChangeReport, ChangeRequest, ChangeState } from '../change.ts'
import type { ChangeRecord, Counted, Goal, Placement, Wanted } from '../records.ts'
import { nextStep, pending, type Rollout } from './rollout.ts'
import type { Seen } from './seen.ts'
import { count, isNewCount } from './tally.ts'

export interface ChangesEnvironment {
  readonly clock: Clock
  readonly log: Logger
  readonly wanted: () => Wanted
  /** Writes it down and acts by it from now on. */
  readonly want: (wanted: Wanted) => void
  /** What `request` makes of what runs, with its engines loaded. @throws as change.ts says */
  readonly plan: (request: ChangeRequest) => Promise<{ readonly from: Goal; readonly to: Goal }>
  readonly seen: () => ReadonlyMap<string, Seen>
  /** Asks every router once more for its figures. */
  readonly look: () => Promise<void>
  /** The last report of the tier's router. */
  readonly lastReport: (tier: string) => RouteReport | undefined
  /** Why the member has failed; with `waitedMs` because it was waited for in vain. */
  readonly failure: (
    name: string,
    waited?: { readonly waitedMs: number; readonly step: string },
  ) => ChangeReport['failure']
}

/** Routes that hold while `wanted` is so: the change's old and new ones beside each other. */
export function routesOf({ plan, change }: Pick<Wanted, 'plan' | 'change'>): readonly Route[] {
  const routes = change === undefined ? plan.routes : [...change.to.plan.routes, ...change.from.plan.routes]
  return [...new Map(routes.map((route) => [JSON.stringify(route), route])).values()]
}

export function placementsOf({
  plan,
  placements,
}: Pick<Wanted, 'plan' | 'placements'>): readonly Placement[] {
  return placements ?? plan.members.map((spec) => ({ spec, renewal: 0, isDrained: false }))
}

export class Changes {
  readonly #environment: ChangesEnvironment
  #isPlanning = false
  #isEnding = false
  #step = ''
  #stepSinceMs = 0
  #counted: Record<string, Counted> = {}

  constructor(environment: ChangesEnvironment) {
    this.#environment = environment
    this.#counted = { ...environment.wanted().change?.counted }
    this.#stepSinceMs = environment.clock.monotonic()
  }

  get isUnderWay(): boolean {
    return this.#isPlanning || this.#environment.wanted().change !== undefined
  }

  /** @throws SUPERVISOR_CHANGE_UNDER_WAY, SUPERVISOR_NOT_UP, and what `plan` throws */
  async begin(request: ChangeRequest, reason?: string): Promise<string> {
    const { clock, log, wanted, want, plan, lastReport } = this.#environment
    this.#assertFree(request)
    this.#isPlanning = true
    try {
      const { from, to } = await plan(request)
      // A stop may have come meanwhile; nothing else can have.
      this.#assertUp()
      const id = secretToken(6)
      this.#counted = {}
      for (const { tier } of from.plan.routes) {
        const report = lastReport(tier)
        if (report !== undefined) this.#counted[tier] = count(undefined, report)
      }
      const { kind } = request
      const change: ChangeRecord = {
        id,
        kind,
        reason,
        state: 'running',
        from,
        to,
        beganMs: clock.now(),
        counted: this.#counted,
        failure: undefined,
      }
      this.#enterStep('')
      log.info({ change: id, kind, reason }, 'change begins')
      want({ ...wanted(), placements: from.placements, change })
      return id
    } finally {
      this.#isPlanning = false
    }
  }

  /** Takes at most one step. */
  round(nowMs: number): void {
    const { wanted, want, log, failure } = this.#environment
    const { change } = wanted()
    if (change === undefined || this.#isEnding) return
    const rollout = this.#rollout(change)
    const step = nextStep(rollout)
    if (step.kind === 'want') {
      this.#enterStep(step.step)
      log.info({ change: change.id, step: step.step }, 'change goes on')
      want({ ...wanted(), placements: step.placements, change: { ...change, counted: { ...this.#counted } } })
      return
    }
    if (step.kind === 'wait') {
      if (this.#step !== step.step) this.#enterStep(step.step)
      const waitedMs = Math.round(nowMs - this.#stepSinceMs)
      if (waitedMs >= step.limitMs) this.#fail(change, failure(step.name, { waitedMs, step: step.step }))
      return
    }
    if (step.kind === 'failed') this.#fail(change, failure(step.name))
    else void this.#end(change.state === 'running' ? 'done' : 'rolled back')
  }

  /** Everything is being stopped; what a change has reached by then is not put back. */
  abandon(wanted: Wanted): Wanted {
    const { change } = wanted
    if (change === undefined) return wanted
    const { code, message, fix } = new PlatformError('SUPERVISOR_CHANGE_STOPPED', {})
    const failure = change.failure ?? { code, message, fix, member: undefined, lines: [] }
    const { change: _, ...rest } = wanted
    return { ...rest, lastChange: this.#report({ ...change, failure }, 'failed') }
  }

  /** Adds up what the routers count. */
  count({ tier }: Route, report: RouteReport): void {
    const { wanted, want } = this.#environment
    const { change } = wanted()
    if (change === undefined) return
    const before = this.#counted[tier]
    const after = count(before, report)
    this.#counted[tier] = after
    if (before !== undefined && isNewCount(before, after))
      want({ ...wanted(), change: { ...change, counted: { ...this.#counted } } })
  }

  /** Of the change under way, or the last one. */
  report(): ChangeReport | null {
    const { change, lastChange } = this.#environment.wanted()
    return change === undefined ? (lastChange ?? null) : this.#report(change, change.state)
  }

  #rollout({ state, from, to }: ChangeRecord): Rollout {
    const [before, after] = state === 'running' ? [from, to] : [to, from]
    const routes = routesOf({ plan: from.plan, change: { from, to } as ChangeRecord })
    return {
      from: before.placements,
      to: after.placements,
      now: placementsOf(this.#environment.wanted()),
      spares: after.spares,
      routed: new Set(routes.map(({ tier }) => tier)),
      fronts: new Set(routes.flatMap(({ through }) => through)),
      seen: this.#environment.seen(),
    }
  }

  #fail(change: ChangeRecord, failure: ChangeReport['failure']): void {
    const { wanted, want, log } = this.#environment
    log.error({ change: change.id, member: failure?.member, code: failure?.code }, 'change failed')
    if (change.state === 'rolling back') {
      void this.#end('failed')
      return
    }
    this.#enterStep('')
    want({ ...wanted(), change: { ...change, state: 'rolling back', failure } })
  }

  /** With a last look at the routers: the last step may have cost a request too. */
  async #end(state: ChangeState): Promise<void> {
    const { wanted, want, look, log } = this.#environment
    this.#isEnding = true
    try {
      await look()
      const { change, ...rest } = wanted()
      if (change === undefined) return
      const { plan, placements } = state === 'done' ? change.to : change.from
      const lastChange = this.#report(change, state)
      log.info({ change: change.id, state, durationMs: lastChange.durationMs }, 'change ended')
      // What serves goes on serving: after a failure that is what was reached, and not the plan.
      want({ ...rest, plan, lastChange, ...(state === 'failed' ? {} : { placements }) })
    } finally {
      this.#isEnding = false
    }
  }

  #report(change: ChangeRecord, state: ChangeState): ChangeReport {
    const { id, kind, reason, from, to, beganMs, failure } = change
    const all = pending({
      ...this.#rollout(change),
      now: from.placements,
      from: to.placements,
      to: to.placements,
    })
    const left = pending(this.#rollout(change))
    const isOver = state === 'done' || state === 'rolled back'
    // Of visitors who came in by a shared port nobody knows whether they failed.
    const isCounted = [from, to].every(({ plan }) => plan.routes.some(({ through }) => through.length > 0))
    const sum = (of: 'sumRequests' | 'sumFailed'): number | undefined =>
      isCounted ? Object.values(this.#counted).reduce((total, each) => total + each[of], 0) : undefined
    return {
      id,
      kind,
      reason,
      state,
      step: isOver ? '' : this.#step,
      done: isOver ? all.length : all.filter((name) => !left.includes(name)).length,
      of: all.length,
      requests: sum('sumRequests'),
      failedRequests: sum('sumFailed'),
      durationMs: Math.max(0, Math.round(this.#environment.clock.now() - beganMs)),
      failure,
    }
  }

  #enterStep(step: string): void {
    this.#step = step
    this.#stepSinceMs = this.#environment.clock.monotonic()
  }

  #assertUp(): void {
    const { state, reached } = this.#environment.wanted()
    if (state === 'down') throw new PlatformError('SUPERVISOR_NOT_UP', { state: 'stops' })
    if (!reached) throw new PlatformError('SUPERVISOR_NOT_UP', { state: 'starts' })
  }

  #assertFree({ kind }: ChangeRequest): void {
    this.#assertUp()
    if (!this.isUnderWay) return
    const { change } = this.#environment.wanted()
    const step = this.#step === '' ? 'it begins' : this.#step
    throw new PlatformError('SUPERVISOR_CHANGE_UNDER_WAY', { kind: change?.kind ?? kind, step })
  }
}
