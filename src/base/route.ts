// How requests come to the members of a tier and are kept from them again: what a balancer's runtime interface and a
// shared port have in common. The supervisor says what is wanted of every upstream; a router makes it so and tells what
// it sees. Routers hold nothing in memory: any call may be the first of a new process.

import type { MemberContext, MemberSpec } from './member.ts'

/** Part of a plan: the members of `tier` get their requests by the router `router`. Plain JSON. */
export interface Route {
  readonly tier: string
  /** Key of the router: `haproxy`, `shared-port`. */
  readonly router: string
  /** Members that pass the requests on; none where the upstreams take them from one port themselves. */
  readonly through: readonly string[]
}

/**
 * `ready`: gets requests. `drain`: gets no new visitors and finishes what it has; with sticky sessions its own visitors
 * still come. `out`: gets nothing, also not those.
 */
export type UpstreamWish = 'ready' | 'drain' | 'out'

export interface Upstream {
  readonly spec: MemberSpec
  readonly wish: UpstreamWish
}

/** What is so for one upstream, over all that pass requests on. */
export interface UpstreamReport {
  readonly name: string
  /** The wish that all of them carry out now; undefined while they differ or are not told yet. */
  readonly carriedOut: UpstreamWish | undefined
  /** Requests it has in work that came this way; upgraded connections (WebSocket) count too. */
  readonly active: number
  /** Requests since `RouteReport.counting` began, for the spread. */
  readonly requests: number
}

/** What one member that passes requests on has counted, or one process of several that it has after a reload. */
export interface FrontCount {
  readonly name: string
  /** Changes when its counters began again from zero; another for each of its processes. */
  readonly counting: string
  readonly requests: number
  readonly failed: number
}

export interface RouteReport {
  readonly upstreams: readonly UpstreamReport[]
  /** Changes when the counters below began again from zero: a balancer was restarted or reloaded. */
  readonly counting: string
  /** Requests of visitors that were answered, or failed. */
  readonly requests: number
  /** Of them: answers 502, 503 or 504 made without the application, connections that broke before an answer was whole. */
  readonly failed: number
  /**
   * The same of each that passes requests on: the counters of one may begin again while the others go on. Without it the
   * sums are taken for those of one.
   */
  readonly fronts?: readonly FrontCount[]
  /** Requests that waited for a server, and the longest mean wait of late, in milliseconds. */
  readonly waiting: number
  readonly waitMs: number
}

export interface MemberRouter {
  /**
   * Makes the running members `through` treat the upstreams as wished. Idempotent, called every second and whenever a
   * wish changes; corrects what was lost or done by hand. Where others pass requests on and none of them runs, `through`
   * is empty: those that start later begin with these wishes.
   *
   * Rejects when one of `through` does not answer within 2 s; the others are told all the same.
   */
  route(
    through: readonly MemberSpec[],
    upstreams: readonly Upstream[],
    context: MemberContext,
  ): Promise<RouteReport>
}
