// The real decisions over imagined processes: members come up, die and stop as the generated luck has it, supervisors are
// killed, and at every moment it is counted who serves.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MemberSpec } from '../../base/member.ts'
import type { UpstreamWish } from '../../base/route.ts'
import { createLogger } from '../../base/log.ts'
import { fakeClock } from '../../testing/clock.ts'
import type { ChangeRequest } from '../change.ts'
import { decide, type RoutedNow } from '../decide.ts'
import { wantedMember } from '../fleet.ts'
import { absent, ended, maySeeRequests, probed, wishOf, type MemberState } from '../member-state.ts'
import { hashPlacement, type Plan, type Wanted } from '../records.ts'
import { Changes, placementsOf } from './changes.ts'
import { see, type Seen } from './seen.ts'
import { planChange, presentGoal, type Abilities } from './target.ts'

interface Source {
  readonly webs: number
  readonly fronts: number
  readonly version: number
  readonly isBroken: boolean
}

function planOf(source: Source): Plan {
  const names = Array.from({ length: source.fronts }, (_, index) => `front-${index + 1}`)
  const member = (name: string, tier: string, more: Partial<MemberSpec> = {}): MemberSpec => {
    return { name, tier, engine: tier, after: [], address: '', settings: {}, ...more }
  }
  const { version, isBroken } = source
  const webs = Array.from({ length: source.webs }, (_, index) =>
    member(`web-${index + 1}`, 'web', {
      after: ['store'],
      frontedBy: names,
      settings: { version, isBroken, isFronted: source.fronts > 0 },
    }),
  )
  return {
    stage: 'test',
    appDir: '/',
    endpoints: { web: undefined },
    members: [member('store', 'store'), ...names.map((name) => member(name, 'front')), ...webs],
    routes: [{ tier: 'web', router: 'test', through: names }],
    source,
    enginesModule: '',
  }
}

const abilities: Abilities = {
  resize: (plan, webs) => planOf({ ...(plan.source as Source), webs }),
  maxServers: () => 9,
  canReload: (from) => from.spec.tier === 'front',
}

const ROUND_MS = 200

class World {
  readonly #clock = fakeClock()
  readonly #states = new Map<string, MemberState>()
  /** What the fronts were told, and what the supervisor knows of that. */
  readonly #told = new Map<string, UpstreamWish>()
  readonly #routed = new Map<string, RoutedNow & { readonly wish: UpstreamWish }>()
  /** Members whose process died by itself and that are not back. */
  readonly #mourned = new Set<string>()
  /** As a supervisor reads it. */
  wanted: Wanted
  #changes: Changes
  fewest = Number.POSITIVE_INFINITY
  /** Moments in which visitors could come in by nothing, or by fronts with nobody behind them. */
  readonly deadEnds: string[] = []

  constructor(plan: Plan) {
    this.wanted = { state: 'up', plan, reached: true, finished: false }
    for (const placement of placementsOf({ plan })) {
      const { name, after, frontedBy = [] } = placement.spec
      const state = { ...absent(name, 0), specHash: hashPlacement(placement), after, frontedBy }
      this.#states.set(name, { ...state, phase: 'ready', isServing: true, startDeadlineMs: 60_000 })
      this.#told.set(name, 'ready')
    }
    this.#changes = this.#supervise()
  }

  get names(): readonly string[] {
    return [...this.#states.keys()].toSorted()
  }

  hashOf(name: string): string | undefined {
    return this.#states.get(name)?.specHash
  }

  begin(request: ChangeRequest): Promise<string> {
    return this.#changes.begin(request)
  }

  get state(): string | undefined {
    return this.#changes.report()?.state
  }

  /** What a killed supervisor held in memory is gone; what it wrote, and the processes, are not. */
  killSupervisor(): void {
    for (const [name, state] of this.#states)
      this.#states.set(name, {
        ...state,
        crashes: 0,
        relief: undefined,
        phase: state.phase === 'ready' ? 'starting' : state.phase === 'preparing' ? 'idle' : state.phase,
      })
    this.#routed.clear()
    this.#changes = this.#supervise()
  }

  kill(index: number): void {
    const running = [...this.#states.values()].filter(
      ({ phase }) => phase === 'ready' || phase === 'starting',
    )
    const victim = running[index % Math.max(1, running.length)]
    if (victim === undefined) return
    if (this.#isServing(victim)) this.#mourned.add(victim.name)
    this.#states.set(victim.name, ended(victim, this.#clock.monotonic(), 'crashed'))
  }

  async round(): Promise<void> {
    const nowMs = this.#clock.monotonic()
    this.#live(nowMs)
    this.#changes.round(nowMs)
    await this.#clock.advance(0)
    const placements = placementsOf(this.wanted)
    const hashes = new Map(placements.map((placement) => [placement.spec.name, hashPlacement(placement)]))
    for (const [name, state] of this.#states)
      if (state.phase === 'idle' && !this.#isCurrent(state, hashes.get(name))) this.#states.delete(name)
    const actions = decide(placements.map(wantedMember), [...this.#states.values()], {
      nowMs,
      maxGraceMs: Number.POSITIVE_INFINITY,
      routed: this.#routed,
      reloadable: new Set([...this.#states.keys()].filter((name) => name.startsWith('front'))),
    })
    for (const { kind, name } of actions) {
      const state = this.#states.get(name) ?? absent(name, nowMs)
      const placement = placements.find(({ spec }) => spec.name === name)
      const specHash = hashes.get(name) ?? state.specHash
      const { after = [], frontedBy = [] } = placement?.spec ?? {}
      const next: Record<typeof kind, Partial<MemberState>> = {
        start: { phase: 'preparing', specHash, after, frontedBy, sinceMs: nowMs, startDeadlineMs: 60_000 },
        reload: { specHash },
        drain: { relief: { kind: 'draining', sinceMs: nowMs } },
        'take out': { relief: { kind: 'out', sinceMs: nowMs } },
        restore: { relief: undefined },
        stop: { phase: 'stopping', sinceMs: nowMs, graceMs: 10_000 },
        kill: {},
      }
      this.#states.set(name, { ...state, ...next[kind] })
    }
    this.#route()
    this.#count()
    await this.#clock.advance(ROUND_MS)
  }

  #supervise(): Changes {
    return new Changes({
      clock: this.#clock,
      log: createLogger({ write: () => {} }),
      wanted: () => this.wanted,
      want: (wanted) => {
        this.wanted = JSON.parse(JSON.stringify(wanted)) as Wanted
      },
      plan: (request) => {
        const from = presentGoal(this.wanted.plan, placementsOf(this.wanted), abilities)
        return Promise.resolve({ from, to: planChange(request, from, abilities) })
      },
      seen: () => this.#seen(),
      look: () => Promise.resolve(),
      lastReport: () => undefined,
      failure: (member) => ({ code: 'X', message: '', fix: '', member, lines: [] }),
    })
  }

  /** One round of the lives of all processes. */
  #live(nowMs: number): void {
    const placements = new Map(this.#placementsByHash())
    for (const [name, state] of this.#states) {
      if (state.phase === 'stopping') this.#states.set(name, absent(name, nowMs))
      if (state.phase === 'preparing') this.#states.set(name, { ...state, phase: 'starting', sinceMs: nowMs })
      if (state.phase !== 'starting' && state.phase !== 'ready') continue
      const isBroken = placements.get(state.specHash)?.settings.isBroken === true
      this.#states.set(
        name,
        isBroken
          ? { ...ended(state, nowMs, 'crashed'), specHash: state.specHash }
          : probed(state, nowMs, 'serves', false),
      )
    }
  }

  *#placementsByHash(): Iterable<[string, MemberSpec]> {
    const { change } = this.wanted
    const goals = [change?.from, change?.to].flatMap((goal) => [
      ...(goal?.placements ?? []),
      ...(goal?.spares ?? []),
    ])
    for (const placement of [...goals, ...placementsOf(this.wanted)])
      yield [hashPlacement(placement), placement.spec]
  }

  /** An idle one knows by its hash in which form it failed, as a record does. */
  #isCurrent({ specHash, crashes }: MemberState, wantedHash: string | undefined): boolean {
    return wantedHash !== undefined && (crashes === 0 || specHash === '' || specHash === wantedHash)
  }

  #route(): void {
    const fronts = [...this.#states.values()].filter(
      ({ name, phase }) => name.startsWith('front') && phase === 'ready',
    )
    for (const { name, ...state } of this.#states.values()) {
      const wish = wishOf({ name, ...state })
      // What is wished is noted for fronts that come later.
      this.#told.set(name, wish)
      if (state.frontedBy.length > 0 && fronts.length === 0) continue
      this.#routed.set(name, { carriedOut: wish, active: 0, wish })
    }
  }

  #seen(): ReadonlyMap<string, Seen> {
    const hashes = new Map(placementsOf(this.wanted).map((each) => [each.spec.name, hashPlacement(each)]))
    return new Map(
      [...this.#states.values()].map((state) => {
        const routed = this.#routed.get(state.name)
        const isKnown = routed?.wish === wishOf(state)
        const view = { wantedHash: hashes.get(state.name), isFronted: state.frontedBy.length > 0 }
        return [
          state.name,
          see(state, { ...view, routed: isKnown ? routed : undefined, nowMs: this.#clock.monotonic() }),
        ]
      }),
    )
  }

  /** A visitor is served: its process lives, and the fronts, where there are some, pass requests to it. */
  #isServing(state: MemberState): boolean {
    if (!state.name.startsWith('web') || !maySeeRequests(state)) return false
    return state.frontedBy.length === 0 || this.#told.get(state.name) === 'ready'
  }

  #count(): void {
    const serving = [...this.#states.values()]
      .filter((state) => this.#isServing(state))
      .map(({ name }) => name)
    for (const name of serving) this.#mourned.delete(name)
    this.fewest = Math.min(this.fewest, serving.length + this.#mourned.size)
    const fronts = [...this.#states.values()].filter(
      ({ name, phase }) => name.startsWith('front') && (phase === 'starting' || phase === 'ready'),
    )
    const ways = serving.map((name) => this.#states.get(name)!.frontedBy.length > 0)
    if (fronts.length > 0 ? !ways.includes(true) : !ways.includes(false))
      this.deadEnds.push(`${this.#changes.report()?.step}: ${serving.join(', ')}`)
  }
}

const BEFORE: Source = { webs: 3, fronts: 2, version: 1, isBroken: false }

async function settle(world: World, rounds = 400): Promise<void> {
  for (let round = 0; round < rounds && world.wanted.change !== undefined; round++) await world.round()
}

const apply = (change: Partial<Source>): ChangeRequest => ({
  kind: 'apply',
  plan: planOf({ ...BEFORE, ...change }),
})

const requests = fc.oneof(
  fc
    .record({ webs: fc.integer({ min: 1, max: 6 }), version: fc.nat(1), fronts: fc.constantFrom(1, 2, 3) })
    .map(apply),
  fc.integer({ min: 1, max: 6 }).map((count): ChangeRequest => ({ kind: 'scale', tier: 'web', count })),
  fc.constantFrom<ChangeRequest>(
    { kind: 'drain', member: 'web-2' },
    { kind: 'restart', tier: 'web' },
    { kind: 'restart', tier: 'front' },
  ),
)

describe('a change, for any request and any luck', () => {
  test('nobody is missing but who died by itself, and in the end everything is as it is wanted', async () => {
    await fc.assert(
      fc.asyncProperty(
        requests,
        fc.array(fc.oneof(fc.constant('round' as const), fc.constant('supervisor' as const), fc.nat(9)), {
          maxLength: 60,
        }),
        async (request, luck) => {
          const world = new World(planOf(BEFORE))
          await world.begin(request)
          const { from, to } = world.wanted.change!
          const floor = Math.min(...[from, to].map(({ placements }) => countServing(placements)))

          for (const event of luck) {
            if (event === 'supervisor') world.killSupervisor()
            else if (event !== 'round') world.kill(event)
            await world.round()
          }
          await settle(world)
          for (let rest = 0; rest < 60; rest++) await world.round()

          expect(['done', 'rolled back']).toContain(world.state)
          expect(world.fewest).toBeGreaterThanOrEqual(floor)
          const reached = world.state === 'done' ? to.placements : from.placements
          expect(placementsOf(world.wanted)).toEqual(reached)
          expect(world.names).toEqual(reached.map(({ spec }) => spec.name).toSorted())
        },
      ),
      { numRuns: 60 },
    )
  })

  test('a broken version is taken back and costs nobody, also when the supervisor is killed at any step', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 3 }),
        async (webs, kills) => {
          const world = new World(planOf(BEFORE))
          await world.begin(apply({ webs, version: 2, isBroken: true }))

          for (const rounds of kills) {
            for (let round = 0; round < rounds; round++) await world.round()
            world.killSupervisor()
          }
          await settle(world)

          expect(world.state).toBe('rolled back')
          expect(world.fewest).toBeGreaterThanOrEqual(Math.min(webs, BEFORE.webs))
          expect(placementsOf(world.wanted)).toEqual(placementsOf({ plan: planOf(BEFORE) }))
        },
      ),
      { numRuns: 40 },
    )
  })

  test('from processes that share a port to a balancer and back, every open way in leads to somebody', async () => {
    const count = fc.integer({ min: 1, max: 4 })
    const kills = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 3 })
    await fc.assert(
      fc.asyncProperty(count, count, fc.boolean(), kills, async (shared, fronted, isBack, killsAfter) => {
        const sides = [
          planOf({ ...BEFORE, webs: shared, fronts: 0 }),
          planOf({ ...BEFORE, webs: fronted, fronts: 2 }),
        ]
        const [from, to] = isBack ? sides.toReversed() : sides
        const world = new World(from!)
        await world.begin({ kind: 'apply', plan: to! })

        for (const rounds of killsAfter) {
          for (let round = 0; round < rounds; round++) await world.round()
          world.killSupervisor()
        }
        await settle(world)

        expect(world.state).toBe('done')
        expect(world.names).toEqual(to!.members.map(({ name }) => name).toSorted())
        expect(world.fewest).toBeGreaterThanOrEqual(Math.min(shared, fronted))
        expect(world.deadEnds).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('to a balancer with a broken version is taken back, and no way in leads nowhere', async () => {
    const world = new World(planOf({ ...BEFORE, webs: 1, fronts: 0 }))

    await world.begin(apply({ version: 2, isBroken: true }))
    await settle(world)

    expect(world.state).toBe('rolled back')
    expect(world.names).toEqual(['store', 'web-1'])
    expect(world.deadEnds).toEqual([])
  })
})

function countServing(placements: readonly { spec: MemberSpec; isDrained: boolean }[]): number {
  return placements.filter(({ spec, isDrained }) => spec.tier === 'web' && !isDrained).length
}
