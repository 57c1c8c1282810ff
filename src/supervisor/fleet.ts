// All members of an installation as objects: finds those that run, carries out what was decided, and says how each is
// seen by those who decide. Its engines come from the plans' modules and are loaded before they are needed.

import assert from 'node:assert/strict'
import type { Clock } from '../base/clock.ts'
import type { Installation } from '../base/installation.ts'
import type { Logger } from '../base/log.ts'
import type { MemberContext, MemberEngine, MemberReadiness } from '../base/member.ts'
import type { MemberRouter, Route } from '../base/route.ts'
import type { ScalingSettings } from './autoscale/decide.ts'
import type { Action, RoutedNow, WantedMember } from './decide.ts'
import { loadEngines, neverStarted, onlyToStop, type EnginesModule } from './engine.ts'
import { wishOf, type MemberState } from './member-state.ts'
import { hashPlacement, removeMemberRecord, type MemberRecord, type Placement, type Plan } from './records.ts'
import { recoverMembers } from './recover.ts'
import { see, type Seen } from './rollout/seen.ts'
import type { RouteWanted } from './routing.ts'
import { SupervisedMember } from './supervised-member.ts'

export interface FleetOptions {
  readonly installation: Installation
  readonly clock: Clock
  readonly log: Logger
  /** Absolute directory of the application whose members are started now. */
  readonly appDir: () => string
  readonly onChange: () => void
}

export class Fleet {
  readonly members: Map<string, SupervisedMember> = new Map()
  readonly #options: FleetOptions
  readonly #engines = new Map<string, MemberEngine>()
  #routers: EnginesModule | undefined

  constructor(options: FleetOptions) {
    this.#options = options
  }

  /** Loads what runs `placements`; from then on they can be acted on. What a later plan names counts. */
  async load(
    { enginesModule }: Plan,
    placements: readonly Pick<Placement, 'spec'>[],
  ): Promise<EnginesModule> {
    const module = await loadEngines({ enginesModule })
    this.#routers = module
    for (const key of new Set(placements.map(({ spec }) => spec.engine)))
      this.#engines.set(key, await module.loadEngine(key))
    return module
  }

  async loadRouter(key: string): Promise<MemberRouter> {
    assert(this.#routers !== undefined, 'the engines are loaded before members are routed')
    return this.#routers.loadRouter(key)
  }

  /** When the routed tier of `plan`, which is loaded, grows and shrinks by its load. */
  scaling({ source }: Plan): ScalingSettings | undefined {
    return source === undefined ? undefined : this.#routers?.autoscaleOf?.(source as never)
  }

  /** How busy each member is, by its last answer. */
  loads(): ReadonlyMap<string, MemberReadiness['load']> {
    return new Map([...this.members].map(([name, { load }]) => [name, load]))
  }

  /** Adopts what a predecessor left, and returns it. */
  recover(): readonly MemberRecord[] {
    const records = recoverMembers(this.#options.installation)
    for (const record of records)
      this.#add(record, this.#engines.get(record.spec.engine) ?? onlyToStop(record))
    return records
  }

  context(tier: string): MemberContext {
    const { installation, log, appDir } = this.#options
    return { installation, appDir: appDir(), log: log.child({ tier }) }
  }

  states(): readonly MemberState[] {
    return [...this.members.values()].map(({ state }) => state)
  }

  /** Looks at every process. What needs something that does not serve is not blamed for its own silence. */
  observe(starved: boolean): void {
    for (const member of this.members.values()) member.observe(starved || this.#isExcused(member))
  }

  /** Forgets members without a process that are not wanted, or not in the form in which they failed. */
  prune(placements: readonly Placement[]): void {
    for (const [name, member] of this.members) {
      const wanted = placements.find(({ spec }) => spec.name === name)
      const isCurrent = wanted !== undefined && member.record.specHash === hashPlacement(wanted)
      if (isCurrent && member.state.reload?.isFailed === true) member.forgetReload()
      if (member.state.phase !== 'idle' || (isCurrent && !member.gone)) continue
      this.members.delete(name)
      removeMemberRecord(this.#options.installation, name)
    }
    for (const placement of placements) {
      const engine = this.#engines.get(placement.spec.engine)!
      if (!this.members.has(placement.spec.name)) this.#add(neverStarted(placement, engine), engine)
    }
  }

  act(action: Action, placements: readonly Placement[]): void {
    const member = this.members.get(action.name)!
    const wanted = placements.find(({ spec }) => spec.name === action.name)
    if (action.kind === 'start') member.start(wanted!)
    else if (action.kind === 'reload') member.reload(wanted!)
    else if (action.kind === 'drain') member.relieve('draining')
    else if (action.kind === 'take out') member.relieve('out')
    else if (action.kind === 'restore') member.relieve(undefined)
    else if (action.kind === 'stop') member.stop()
    else member.kill(action.why)
  }

  /** Whether the process of `from` becomes one of `to` in place; one of the same specification takes up its files again. */
  canReload(from: Pick<Placement, 'spec'>, to: Placement): boolean {
    const engine = this.#engines.get(to.spec.engine)
    if (engine?.reload === undefined || from.spec.engine !== to.spec.engine) return false
    const isSame = hashPlacement({ ...from, renewal: 0 }) === hashPlacement({ ...to, renewal: 0 })
    return isSame || engine.canReload?.(from.spec, to.spec) === true
  }

  reloadable(placements: readonly Placement[]): ReadonlySet<string> {
    const changed = placements.filter((placement) => {
      const member = this.members.get(placement.spec.name)
      if (member === undefined || member.state.specHash === hashPlacement(placement)) return false
      return this.canReload(member.record, placement)
    })
    return new Set(changed.map(({ spec }) => spec.name))
  }

  /** What the routers are to be told. */
  routes(routes: readonly Route[], placements: readonly Placement[]): readonly RouteWanted[] {
    return routes.map((route) => ({
      route,
      through: route.through.flatMap((name) => {
        const member = this.members.get(name)
        if (member?.state.phase !== 'ready') return []
        // A reloaded one has to be told anew like a new process.
        const { spec, incarnation, specHash } = member.record
        return [{ spec, incarnation: `${incarnation} ${specHash}` }]
      }),
      upstreams: [...this.members.values()].flatMap((member) => {
        const spec = specOf(member, placements)
        if (!isUpstream(route, spec)) return []
        return [{ spec, incarnation: member.record.incarnation, wish: wishOf(member.state) }]
      }),
    }))
  }

  /** How every member is seen that is wanted or has a process. */
  seen(
    placements: readonly Placement[],
    routes: readonly Route[],
    routed: ReadonlyMap<string, RoutedNow>,
    nowMs: number,
  ): ReadonlyMap<string, Seen> {
    return new Map(
      [...this.members].map(([name, member]): [string, Seen] => {
        const route = routes.find((each) => isUpstream(each, specOf(member, placements)))
        const wanted = placements.find(({ spec }) => spec.name === name)
        return [
          name,
          see(member.state, {
            wantedHash: wanted && hashPlacement(wanted),
            isFronted: route !== undefined && route.through.length > 0,
            routed: routed.get(name),
            nowMs,
          }),
        ]
      }),
    )
  }

  #add(record: MemberRecord, engine: MemberEngine): void {
    const { clock, onChange } = this.#options
    const context = this.context(record.spec.tier)
    this.members.set(record.spec.name, new SupervisedMember(record, engine, { context, clock, onChange }))
  }

  #isExcused(member: SupervisedMember): boolean {
    return member.state.after.some((name) => {
      const needed = this.members.get(name)?.state
      return needed?.phase !== 'ready' || !needed.isServing || needed.unanswered !== undefined
    })
  }
}

/** What `decide` compares the members with. */
export function wantedMember(placement: Placement): WantedMember {
  const { spec, isDrained } = placement
  const { name, after } = spec
  return { name, after, specHash: hashPlacement(placement), isDrained }
}

/** As it runs, but fronted as it is wanted: that is no affair of its process. */
function specOf(member: SupervisedMember, placements: readonly Placement[]): Placement['spec'] {
  const wanted = placements.find(({ spec }) => spec.name === member.state.name)
  const isCurrent = wanted !== undefined && member.record.specHash === hashPlacement(wanted)
  return isCurrent ? wanted.spec : member.record.spec
}

/** While a change replaces one way by another, each member is on the way that it was made for. */
function isUpstream(route: Route, { tier, frontedBy = [] }: Placement['spec']): boolean {
  return tier === route.tier && frontedBy.join(' ') === route.through.join(' ')
}
