// The supervisor: makes the members that run the members that are wanted, until nothing is wanted any more. It looks,
// decides (decide.ts) and acts in a loop, holds nothing in memory that it cannot find again, and may be killed at any
// instruction: the next one goes on from the records. It watches its watchdog as the watchdog watches it.

import type { Clock } from '../base/clock.ts'
import { isPlatformError } from '../base/errors.ts'
import type { Installation } from '../base/installation.ts'
import type { Logger } from '../base/log.ts'
import type { Route, RouteReport } from '../base/route.ts'
import { Scaling } from './autoscale/scaling.ts'
import type { ChangeRequest } from './change.ts'
import { serveControl } from './control.ts'
import { decide, judgeStart } from './decide.ts'
import { abilitiesOf } from './engine.ts'
import { Fleet, wantedMember } from './fleet.ts'
import { clearAll, housekeeper } from './housekeeping.ts'
import { memberStatuses } from './member-statuses.ts'
import { Pause } from './pause.ts'
import { NOTHING_WANTED, readWanted, writeWanted, type Goal, type Placement, type Wanted } from './records.ts'
import { Changes, placementsOf, routesOf } from './rollout/changes.ts'
import type { Seen } from './rollout/seen.ts'
import { planChange, presentGoal } from './rollout/target.ts'
import { Routing } from './routing.ts'
import { startFailure, waitFailure } from './start-failure.ts'
import type { Report } from './status.ts'

export interface SupervisorOptions {
  readonly installation: Installation
  readonly clock: Clock
  readonly log: Logger
  /** Called in every round while the installation is wanted up: brings a dead watchdog back. */
  readonly keepWatchdog: () => void
  /** Called once, when what a predecessor left has been found. */
  readonly onRecovered?: () => void
}

/** Longest pause between two looks, and the pause while a member starts. */
const ROUND_MS = 100
const ROUND_STARTING_MS = 20
/** A round this late says that the supervisor was starved: unanswered probes of then say nothing of the members. */
const STARVED_MS = 1_000
/** Grace of every member after a second Ctrl-C. */
const FAST_GRACE_MS = 1_000
/** How long a stop waits for an engine that prepares; what it prepares must survive a crash anyway. */
const PREPARE_GRACE_MS = 10_000

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #fleet: Fleet
  readonly #routing: Routing
  readonly #changes: Changes
  readonly #scaling: Scaling
  readonly #reports = new Map<string, RouteReport>()
  readonly #pause: Pause
  readonly #keepHouse: (nowMs: number) => void
  #wanted: Wanted
  #maxGraceMs = Number.POSITIVE_INFINITY
  #stopSinceMs = 0

  constructor(options: SupervisorOptions) {
    const { installation, clock, log } = options
    this.#options = options
    this.#wanted = readWanted(installation) ?? NOTHING_WANTED
    this.#pause = new Pause(clock)
    const onChange = (): void => this.#pause.end()
    const appDir = (): string => (this.#wanted.change?.to.plan ?? this.#wanted.plan).appDir
    this.#fleet = new Fleet({ installation, clock, log, onChange, appDir })
    this.#keepHouse = housekeeper(installation, this.#fleet.members)
    this.#routing = new Routing({
      clock,
      log,
      context: (tier) => this.#fleet.context(tier),
      loadRouter: (key) => this.#fleet.loadRouter(key),
      onReport: (route, report) => this.#onRouteReport(route, report),
      onChange,
    })
    this.#scaling = new Scaling({ clock, scale: (...wish) => void this.#scaleBecause(...wish) })
    this.#changes = new Changes({
      clock,
      log,
      wanted: () => this.#wanted,
      want: (wanted) => this.#want(wanted),
      plan: (request) => this.#plan(request),
      seen: () => this.#seen(),
      look: () => this.#routing.look(),
      lastReport: (tier) => this.#reports.get(tier),
      failure: (name, waited) => this.#failureOf(name, waited),
    })
  }

  /** Begins a clean stop, or makes the one under way faster. Returns at once; `run` resolves when it is done. */
  stop(fast: boolean): void {
    if (fast) this.#maxGraceMs = FAST_GRACE_MS
    if (this.#wanted.state === 'up') this.#stopBecause({})
    this.#pause.end()
  }

  /** Supervises until a stop is complete. The caller has the supervisor's lock and keeps it meanwhile. */
  async run(): Promise<Wanted> {
    const { installation, clock, log } = this.#options
    const closeControl = await serveControl(installation, {
      report: () => this.report(),
      stop: (fast) => this.stop(fast),
      change: (request) => this.#changes.begin(request),
    })
    if (this.#wanted.state === 'down') this.#stopSinceMs = clock.monotonic()
    await this.#recover()
    this.#options.onRecovered?.()
    log.info({ members: this.#fleet.members.size }, 'supervisor runs')

    let roundMs = clock.monotonic()
    let pauseMs = 0
    for (;;) {
      const nowMs = clock.monotonic()
      this.#round(nowMs, nowMs - roundMs - pauseMs > STARVED_MS)
      roundMs = nowMs
      if (this.#isDone(nowMs)) break
      pauseMs = this.#pauseMs()
      await this.#pause.sleep(pauseMs)
    }
    await clearAll(installation, clock)
    this.#wanted = { ...this.#wanted, finished: true }
    writeWanted(installation, this.#wanted)
    await closeControl()
    log.info({}, 'supervisor ends')
    return this.#wanted
  }

  report(): Report {
    const { plan, state, reached, failure } = this.#wanted
    const readyAfterMs: Record<string, number> = {}
    for (const [name, member] of this.#fleet.members)
      if (member.readyAfterMs !== undefined) readyAfterMs[name] = Math.round(member.readyAfterMs)
    return {
      status: {
        stage: plan.stage,
        endpoints: { web: plan.endpoints.web ?? null },
        members: memberStatuses(placementsOf(this.#wanted), this.#fleet, {
          nowMs: this.#options.clock.monotonic(),
          isUp: state === 'up',
          routed: this.#routing.now(),
        }),
      },
      pid: process.pid,
      wanted: state,
      reached,
      failure: failure ?? null,
      readyAfterMs,
      change: this.#changes.report(),
      routes: this.#routing.figures(),
    }
  }

  /**
   * Another number of members of `tier`, for `reason` and without a person. Does nothing while a change is under way, and
   * when the number cannot be had: whoever decided sees in the next samples what is.
   */
  async #scaleBecause(tier: string, count: number, reason: string): Promise<void> {
    if (this.#changes.isUnderWay) return
    try {
      await this.#changes.begin({ kind: 'scale', tier, count }, reason)
    } catch (error) {
      if (!isPlatformError(error)) throw error
      this.#options.log.warn({ tier, code: error.code }, 'not scaled')
    }
  }

  #want(wanted: Wanted): void {
    writeWanted(this.#options.installation, wanted)
    this.#wanted = wanted
    this.#pause.end()
  }

  #stopBecause(why: Pick<Wanted, 'failure'>): void {
    this.#stopSinceMs = this.#options.clock.monotonic()
    this.#want({ ...this.#changes.abandon(this.#wanted), state: 'down', finished: false, ...why })
  }

  #placements(): readonly Placement[] {
    return this.#wanted.state === 'down' ? [] : placementsOf(this.#wanted)
  }

  async #recover(): Promise<void> {
    const { plan, change, state } = this.#wanted
    const isUp = state === 'up'
    for (const goal of [change?.from, change?.to])
      if (isUp && goal !== undefined) await this.#fleet.load(goal.plan, [...goal.placements, ...goal.spares])
    if (isUp) await this.#fleet.load((change?.to ?? this.#wanted).plan, placementsOf(this.#wanted))
    const records = this.#fleet.recover()
    if (!isUp || this.#wanted.placements !== undefined) return
    // A plan that is new knows nothing of renewals; processes that had them are still what it wants.
    const renewals = new Map(records.map(({ spec, renewal = 0 }) => [spec.name, renewal]))
    const placements = placementsOf({ plan }).map((placement) => ({
      ...placement,
      renewal: renewals.get(placement.spec.name) ?? 0,
    }))
    this.#want({ ...this.#wanted, placements })
  }

  async #plan(request: ChangeRequest): Promise<{ from: Goal; to: Goal }> {
    const { plan } = this.#wanted
    const placements = placementsOf(this.#wanted)
    const next = request.kind === 'apply' ? request.plan : plan
    const modules = new Map([
      [plan.enginesModule, await this.#fleet.load(plan, placements)],
      [
        next.enginesModule,
        await this.#fleet.load(
          next,
          next.members.map((spec) => ({ spec })),
        ),
      ],
    ])
    const abilities = abilitiesOf(modules, (from, to) => this.#fleet.canReload(from, to))
    const from = presentGoal(plan, placements, abilities)
    return { from, to: planChange(request, from, abilities) }
  }

  #round(nowMs: number, starved: boolean): void {
    const fleet = this.#fleet
    fleet.observe(starved)
    if (this.#wanted.state === 'up') this.#changes.round(nowMs)
    const placements = this.#placements()
    fleet.prune(placements)
    const actions = decide(placements.map(wantedMember), fleet.states(), {
      nowMs,
      maxGraceMs: this.#maxGraceMs,
      routed: this.#routing.now(),
      reloadable: fleet.reloadable(placements),
    })
    for (const action of actions) fleet.act(action, placements)
    if (this.#wanted.state === 'up') {
      this.#routing.round(fleet.routes(routesOf(this.#wanted), placements))
      this.#judge()
    }
    if (this.#wanted.state === 'up') this.#options.keepWatchdog()
    this.#keepHouse(nowMs)
  }

  #seen(): ReadonlyMap<string, Seen> {
    const nowMs = this.#options.clock.monotonic()
    return this.#fleet.seen(this.#placements(), routesOf(this.#wanted), this.#routing.now(), nowMs)
  }

  /** Reached is more than ready: a balancer that knows of no server yet answers visitors with an error. */
  #judge(): void {
    if (this.#wanted.reached) return
    const placements = this.#placements()
    const verdict = judgeStart(placements.map(wantedMember), this.#fleet.states())
    const seen = this.#seen()
    const isInService = placements.every(({ spec }) => seen.get(spec.name)?.inService === true)
    if (verdict.kind === 'ready' && isInService) this.#want({ ...this.#wanted, reached: true })
    if (verdict.kind !== 'failed') return
    const failure = startFailure(this.#options.installation, this.#fleet.members.get(verdict.name)!)
    this.#options.log.error({ member: verdict.name, code: failure.code }, 'start given up')
    this.#stopBecause({ failure })
  }

  #failureOf(
    name: string,
    waited?: { readonly waitedMs: number; readonly step: string },
  ): Omit<ReturnType<typeof startFailure>, 'permanent'> {
    const { installation } = this.#options
    const member = this.#fleet.members.get(name)
    if (member === undefined || waited !== undefined)
      return waitFailure(installation, name, member, waited ?? { waitedMs: 0, step: 'it is gone' })
    const { permanent: _, ...failure } = startFailure(installation, member)
    return failure
  }

  #onRouteReport(route: Route, report: RouteReport): void {
    const { tier } = route
    this.#reports.set(tier, report)
    this.#changes.count(route, report)
    if (this.#wanted.state === 'down') return
    const { plan, lastChange } = this.#wanted
    this.#scaling.observe(tier, this.#fleet.scaling(plan), {
      route: report,
      loads: this.#fleet.loads(),
      wanted: this.#placements().filter(({ spec, isDrained }) => spec.tier === tier && !isDrained).length,
      isChanging: this.#changes.isUnderWay,
      lastChangeFailed: lastChange?.state === 'failed' || lastChange?.state === 'rolled back',
    })
  }

  #isDone(nowMs: number): boolean {
    if (this.#wanted.state === 'up') return false
    const states = this.#fleet.states()
    const graceMs = Math.min(PREPARE_GRACE_MS, this.#maxGraceMs)
    const isOnlyPreparing = states.every(({ phase }) => phase === 'preparing')
    return states.length === 0 || (isOnlyPreparing && nowMs - this.#stopSinceMs >= graceMs)
  }

  #pauseMs(): number {
    const isStarting = this.#fleet.states().some(({ phase }) => phase === 'starting')
    return isStarting ? ROUND_STARTING_MS : ROUND_MS
  }
}
