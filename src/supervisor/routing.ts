// Tells the routers what is wanted of every upstream, whenever that changes and once a second, and keeps what they
// report. One call at a time for a route; a call that is not answered is one that failed. It decides nothing: the wishes
// are given (member-state.ts), and what follows from the reports is decide.ts's and rollout.ts's.

import type { Clock } from '../base/clock.ts'
import { describeError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import type { MemberContext, MemberSpec } from '../base/member.ts'
import type { MemberRouter, Route, RouteReport, UpstreamWish } from '../base/route.ts'
import type { RoutedNow } from './decide.ts'
import type { RouteFigures } from './status.ts'
import { within } from './time-limit.ts'

/** A member of the route, as it is now. */
export interface Routed {
  readonly spec: MemberSpec
  /** Of its process: what was carried out for an earlier one says nothing of this one. */
  readonly incarnation: string
}

export interface RouteWanted {
  readonly route: Route
  /** Those of `route.through` that serve. */
  readonly through: readonly Routed[]
  readonly upstreams: readonly (Routed & { readonly wish: UpstreamWish })[]
}

export interface RoutingEnvironment {
  readonly clock: Clock
  readonly log: Logger
  readonly context: (tier: string) => MemberContext
  readonly loadRouter: (key: string) => Promise<MemberRouter>
  readonly onReport: (route: Route, report: RouteReport) => void
  /** Called after every call. */
  readonly onChange: () => void
}

/** Between calls: when all is as wished; while something is not yet; and after a call that failed. */
const RECONCILE_MS = 1_000
const TRANSITION_MS = 200
/** A router promises to give up on a silent balancer after 2 s. */
const CALL_LIMIT_MS = 5_000

export class Routing {
  readonly #environment: RoutingEnvironment
  readonly #loops = new Map<string, RouteLoop>()

  constructor(environment: RoutingEnvironment) {
    this.#environment = environment
  }

  /** Begins the calls that are due. Routes that are not given any more are forgotten. */
  round(wanted: readonly RouteWanted[]): void {
    const joined = joinRoutes(wanted)
    for (const key of this.#loops.keys()) if (!joined.has(key)) this.#loops.delete(key)
    for (const [key, each] of joined) {
      const loop = this.#loops.get(key) ?? new RouteLoop(this.#environment)
      this.#loops.set(key, loop)
      loop.round(each)
    }
  }

  /** What is carried out for the member, as far as that is known for its present process and its present wish. */
  now(): ReadonlyMap<string, RoutedNow> {
    return new Map([...this.#loops.values()].flatMap((loop) => [...loop.now()]))
  }

  /** Of the routes on which somebody passes requests on. */
  figures(): readonly RouteFigures[] {
    return [...this.#loops.values()].flatMap((loop) => loop.figures())
  }

  /** Resolves after a call for every route that began after this one; at the latest when such a call has failed. */
  async look(): Promise<void> {
    await Promise.all([...this.#loops.values()].map((loop) => loop.look()))
  }
}

/**
 * By tier and router: routes that have both in common are one. While a change replaces some of those that pass requests
 * on, all of them pass requests to all upstreams: told apart, each call would take out of service what the other one
 * brought in. Pure.
 */
function joinRoutes(wanted: readonly RouteWanted[]): ReadonlyMap<string, RouteWanted> {
  const joined = new Map<string, RouteWanted>()
  for (const each of wanted) {
    const { tier, router } = each.route
    const key = `${tier} ${router}`
    const before = joined.get(key)
    joined.set(key, before === undefined ? each : join(before, each))
  }
  return joined
}

function join(one: RouteWanted, other: RouteWanted): RouteWanted {
  const through = [...new Set([...one.route.through, ...other.route.through])]
  return {
    route: { ...one.route, through },
    through: unique([...one.through, ...other.through]),
    upstreams: unique([...one.upstreams, ...other.upstreams]),
  }
}

function unique<Item extends Routed>(items: readonly Item[]): readonly Item[] {
  return [...new Map(items.map((item) => [item.spec.name, item])).values()]
}

class RouteLoop {
  readonly #environment: RoutingEnvironment
  #wanted: RouteWanted | undefined
  #call: Promise<void> | undefined
  #beganMs = Number.NEGATIVE_INFINITY
  #sent: RouteWanted | undefined
  #answered: { readonly wanted: RouteWanted; readonly report: RouteReport } | undefined
  #isFailing = false

  constructor(environment: RoutingEnvironment) {
    this.#environment = environment
  }

  round(wanted: RouteWanted): void {
    this.#wanted = wanted
    if (this.#call !== undefined || (!hasPlace(wanted) && wanted.upstreams.length === 0)) return
    const sinceMs = this.#environment.clock.monotonic() - this.#beganMs
    const isNews = this.#sent === undefined || keyOf(this.#sent) !== keyOf(wanted)
    const pauseMs = !this.#isFailing && this.#isInTransition() ? TRANSITION_MS : RECONCILE_MS
    if (isNews || sinceMs >= pauseMs) void this.#begin()
  }

  async look(): Promise<void> {
    await this.#call
    if (this.#wanted !== undefined && hasPlace(this.#wanted)) await this.#begin()
  }

  now(): ReadonlyMap<string, RoutedNow> {
    if (this.#answered === undefined || this.#wanted === undefined) return new Map()
    const { wanted: then, report } = this.#answered
    if (throughOf(then) !== throughOf(this.#wanted)) return new Map()
    const told = new Map(then.upstreams.map((upstream) => [upstream.spec.name, upstream]))
    return new Map(
      this.#wanted.upstreams.flatMap(({ spec, incarnation, wish }): [string, RoutedNow][] => {
        const before = told.get(spec.name)
        const now = report.upstreams.find(({ name }) => name === spec.name)
        const isKnown = now !== undefined && before?.incarnation === incarnation && before.wish === wish
        return isKnown ? [[spec.name, { carriedOut: now.carriedOut, active: now.active }]] : []
      }),
    )
  }

  figures(): readonly RouteFigures[] {
    if (this.#answered === undefined) return []
    const { wanted, report } = this.#answered
    // Nobody passes requests on, so nobody counts them.
    if (wanted.route.through.length === 0) return []
    const { requests, failed, waiting } = report
    return [{ tier: wanted.route.tier, requests, failed, waiting }]
  }

  #isInTransition(): boolean {
    const now = this.now()
    return (this.#wanted?.upstreams ?? []).some(
      ({ spec, wish }) => wish === 'drain' || now.get(spec.name)?.carriedOut !== wish,
    )
  }

  #begin(): Promise<void> {
    this.#beganMs = this.#environment.clock.monotonic()
    this.#sent = this.#wanted
    this.#call ??= this.#ask(this.#wanted!).finally(() => {
      this.#call = undefined
      this.#environment.onChange()
    })
    return this.#call
  }

  async #ask(wanted: RouteWanted): Promise<void> {
    const { clock, log, context, loadRouter, onReport } = this.#environment
    const { route } = wanted
    try {
      const router = await loadRouter(route.router)
      const through = wanted.through.map(({ spec }) => spec)
      const call = router.route(through, wanted.upstreams, context(route.tier))
      const report = await within(clock, CALL_LIMIT_MS, call)
      if (this.#isFailing) log.info({ tier: route.tier }, 'route works again')
      this.#isFailing = false
      if (!hasPlace(wanted)) return
      this.#answered = { wanted, report }
      onReport(route, report)
    } catch (error) {
      if (!this.#isFailing) log.warn({ tier: route.tier, reason: describeError(error) }, 'route failed')
      this.#isFailing = true
    }
  }
}

/** Where nobody passes requests on at the moment, nobody reports: what is wished is only noted for those that come. */
function hasPlace({ route, through }: RouteWanted): boolean {
  return route.through.length === 0 || through.length > 0
}

function throughOf({ through }: RouteWanted): string {
  return through.map(({ spec, incarnation }) => `${spec.name} ${incarnation}`).join(', ')
}

function keyOf(wanted: RouteWanted): string {
  const upstreams = wanted.upstreams.map(
    ({ spec, incarnation, wish }) => `${spec.name} ${incarnation} ${wish}`,
  )
  return `${throughOf(wanted)}: ${upstreams.join(', ')}`
}
