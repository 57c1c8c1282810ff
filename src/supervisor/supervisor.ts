// The supervisor: makes the members that run the members that are wanted, until nothing is wanted any more. It looks,
// decides (decide.ts) and acts in a loop, holds nothing in memory that it cannot find again, and may be killed at any
// instruction: the next one goes on from the records. It watches its watchdog as the watchdog watches it.

import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Installation } from '../base/installation.ts'
import type { Logger } from '../base/log.ts'
import { installationId } from '../base/mark.ts'
import type { MemberEngine } from '../base/member.ts'
import { serveControl } from './control.ts'
import { decide, judgeStart, type WantedMember } from './decide.ts'
import { loadEngine, neverStarted, onlyToStop } from './engine.ts'
import { LOG_MAX_BYTES, rotateLog } from './log-file.ts'
import {
  hashSpec,
  readWanted,
  removeMemberRecord,
  writeWanted,
  type MemberRecord,
  type Wanted,
} from './records.ts'
import { recoverMembers } from './recover.ts'
import { startFailure } from './start-failure.ts'
import { describeMember, type MemberStatus, type Report } from './status.ts'
import { findMarked, killStrays } from './strays.ts'
import { SupervisedMember } from './supervised-member.ts'

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
/** Between rotations of logs and searches for strays. */
const HOUSEKEEPING_MS = 5_000
/** Grace of every member after a second Ctrl-C. */
const FAST_GRACE_MS = 1_000
/** How long a stop waits for an engine that prepares; what it prepares must survive a crash anyway. */
const PREPARE_GRACE_MS = 10_000

const NOTHING: Wanted = {
  state: 'down',
  plan: {
    stage: 'unknown',
    appDir: '/',
    endpoints: { web: undefined },
    members: [],
    routes: [],
    source: undefined,
    enginesModule: '',
  },
  reached: false,
  finished: false,
}

export class Supervisor {
  readonly #options: SupervisorOptions
  readonly #members = new Map<string, SupervisedMember>()
  readonly #engines = new Map<string, MemberEngine>()
  #wanted: Wanted
  #wantedMembers: readonly WantedMember[] = []
  #maxGraceMs = Number.POSITIVE_INFINITY
  #stopSinceMs = 0
  #wake: () => void = () => {}
  #woken = false
  #housekeptMs = 0

  constructor(options: SupervisorOptions) {
    this.#options = options
    this.#wanted = readWanted(options.installation) ?? NOTHING
  }

  /** Begins a clean stop, or makes the one under way faster. Returns at once; `run` resolves when it is done. */
  stop(fast: boolean): void {
    if (fast) this.#maxGraceMs = FAST_GRACE_MS
    if (this.#wanted.state === 'up') this.#want({ ...this.#wanted, state: 'down', finished: false })
    this.#signal()
  }

  /** Supervises until a stop is complete. The caller has the supervisor's lock and keeps it meanwhile. */
  async run(): Promise<Wanted> {
    const { installation, clock, log } = this.#options
    const closeControl = await serveControl(installation, {
      report: () => this.report(),
      stop: (fast) => this.stop(fast),
      change: () => Promise.reject(new PlatformError('SUPERVISOR_NOT_UP', { state: 'starts' })),
    })
    this.#want(this.#wanted)
    await this.#recover()
    this.#options.onRecovered?.()
    log.info({ members: this.#members.size }, 'supervisor runs')

    let roundMs = clock.monotonic()
    let pauseMs = 0
    for (;;) {
      const nowMs = clock.monotonic()
      this.#round(nowMs, nowMs - roundMs - pauseMs > STARVED_MS)
      roundMs = nowMs
      if (this.#isDone(nowMs)) break
      pauseMs = this.#pauseMs()
      await this.#sleep(pauseMs)
    }
    await this.#clear()
    this.#wanted = { ...this.#wanted, finished: true }
    writeWanted(installation, this.#wanted)
    await closeControl()
    log.info({}, 'supervisor ends')
    return this.#wanted
  }

  report(): Report {
    const { plan, state, reached, failure } = this.#wanted
    const unwanted = [...this.#members.keys()].filter(
      (name) => !plan.members.some((spec) => spec.name === name),
    )
    const readyAfterMs: Record<string, number> = {}
    for (const [name, member] of this.#members)
      if (member.readyAfterMs !== undefined) readyAfterMs[name] = Math.round(member.readyAfterMs)
    return {
      status: {
        stage: plan.stage,
        endpoints: { web: plan.endpoints.web ?? null },
        members: [...plan.members.map(({ name }) => name), ...unwanted].map((name) =>
          this.#memberStatus(name),
        ),
      },
      pid: process.pid,
      wanted: state,
      reached,
      failure: failure ?? null,
      readyAfterMs,
      change: null,
      routes: [],
    }
  }

  #memberStatus(name: string): MemberStatus {
    const member = this.#members.get(name)
    const spec = this.#wanted.plan.members.find((candidate) => candidate.name === name) ?? member!.record.spec
    const { tier, address } = spec
    if (member === undefined)
      return { name, tier, state: 'stopped', pid: null, address, restarts: 0, detail: '' }
    const missing = spec.after.filter((needed) => this.#members.get(needed)?.state.phase !== 'ready')
    const described = describeMember(member.state, this.#options.clock.monotonic(), {
      detail: member.detail,
      failure: member.failure?.reason,
      missing: this.#wanted.state === 'up' ? missing : [],
    })
    return {
      name,
      tier,
      state: described.state,
      pid: member.pid ?? null,
      address,
      restarts: member.record.restarts,
      detail: described.detail,
    }
  }

  #want(wanted: Wanted): void {
    if (wanted !== this.#wanted) writeWanted(this.#options.installation, wanted)
    if (wanted.state === 'down') this.#stopSinceMs = this.#options.clock.monotonic()
    this.#wanted = wanted
    this.#wantedMembers =
      wanted.state === 'down'
        ? []
        : wanted.plan.members.map((spec) => ({
            name: spec.name,
            after: spec.after,
            specHash: hashSpec(spec),
          }))
  }

  async #recover(): Promise<void> {
    const { installation } = this.#options
    const recovered = new Map(recoverMembers(installation).map((record) => [record.spec.name, record]))
    const engines = this.#engines
    const isUp = this.#wanted.state === 'up'
    if (isUp)
      for (const key of new Set(this.#wanted.plan.members.map(({ engine }) => engine)))
        engines.set(key, await loadEngine(this.#wanted.plan.enginesModule, key))

    for (const record of recovered.values())
      this.#add(record, engines.get(record.spec.engine) ?? onlyToStop(record))
    if (!isUp) return
    for (const spec of this.#wanted.plan.members) {
      if (this.#members.has(spec.name)) continue
      const engine = engines.get(spec.engine)!
      this.#add(neverStarted(spec, engine), engine)
    }
  }

  #add(record: MemberRecord, engine: MemberEngine): void {
    const { installation, clock, log } = this.#options
    const { appDir } = this.#wanted.plan
    const member = new SupervisedMember(record, engine, {
      context: { installation, appDir, log: log.child({ tier: record.spec.tier }) },
      clock,
      onChange: () => this.#signal(),
    })
    this.#members.set(record.spec.name, member)
  }

  #round(nowMs: number, starved: boolean): void {
    const { installation } = this.#options
    for (const member of this.#members.values()) member.observe(starved || this.#isExcused(member))
    for (const [name, member] of this.#members) {
      const isWanted = this.#wantedMembers.some((wanted) => wanted.name === name)
      if (member.state.phase !== 'idle' || (isWanted && !member.gone)) continue
      this.#members.delete(name)
      removeMemberRecord(installation, name)
    }
    const states = [...this.#members.values()].map(({ state }) => state)
    for (const action of decide(this.#wantedMembers, states, { nowMs, maxGraceMs: this.#maxGraceMs })) {
      if (action.kind === 'start') this.#start(action.name)
      else if (action.kind === 'stop') this.#members.get(action.name)!.stop()
      else this.#members.get(action.name)!.kill(action.why)
    }
    if (this.#wanted.state === 'up') this.#judge()
    if (this.#wanted.state === 'up') this.#options.keepWatchdog()
    if (nowMs - this.#housekeptMs >= HOUSEKEEPING_MS) this.#keepHouse(nowMs)
  }

  #start(name: string): void {
    const spec = this.#wanted.plan.members.find((candidate) => candidate.name === name)!
    if (!this.#members.has(name)) {
      const engine = this.#engines.get(spec.engine)!
      this.#add(neverStarted(spec, engine), engine)
    }
    this.#members.get(name)!.start({ spec, specHash: hashSpec(spec) })
  }

  /** What it needs does not serve, or does not answer either: then its own silence is not held against it. */
  #isExcused(member: SupervisedMember): boolean {
    return member.state.after.some((name) => {
      const needed = this.#members.get(name)?.state
      return needed?.phase !== 'ready' || !needed.isServing || needed.unanswered !== undefined
    })
  }

  #judge(): void {
    if (this.#wanted.reached) return
    const verdict = judgeStart(
      this.#wantedMembers,
      [...this.#members.values()].map(({ state }) => state),
    )
    if (verdict.kind === 'ready') this.#want({ ...this.#wanted, reached: true })
    if (verdict.kind !== 'failed') return
    const failure = startFailure(this.#options.installation, this.#members.get(verdict.name)!)
    this.#options.log.error({ member: verdict.name, code: failure.code }, 'start given up')
    this.#want({ ...this.#wanted, state: 'down', failure })
    this.#signal()
  }

  #keepHouse(nowMs: number): void {
    const { installation } = this.#options
    this.#housekeptMs = nowMs
    for (const name of [...this.#members.keys(), 'supervisor']) rotateLog(installation, name, LOG_MAX_BYTES)
    const living = new Set([...this.#members.values()].map(({ record }) => record.incarnation))
    killStrays(installationId(installation), ({ incarnation }) => !living.has(incarnation))
  }

  #isDone(nowMs: number): boolean {
    if (this.#wanted.state === 'up') return false
    const isOnlyPreparing = [...this.#members.values()].every(({ state }) => state.phase === 'preparing')
    const graceMs = Math.min(PREPARE_GRACE_MS, this.#maxGraceMs)
    return this.#members.size === 0 || (isOnlyPreparing && nowMs - this.#stopSinceMs >= graceMs)
  }

  /** Nothing with the installation's mark may be left; a process that is being killed needs a moment. */
  async #clear(): Promise<void> {
    const { installation, clock } = this.#options
    const id = installationId(installation)
    for (let round = 0; round < 50 && findMarked(id).length > 0; round++) {
      killStrays(id, () => true)
      await clock.sleep(ROUND_STARTING_MS)
    }
  }

  #pauseMs(): number {
    const isStarting = [...this.#members.values()].some(({ state }) => state.phase === 'starting')
    return isStarting ? ROUND_STARTING_MS : ROUND_MS
  }

  #signal(): void {
    this.#woken = true
    this.#wake()
  }

  async #sleep(ms: number): Promise<void> {
    if (!this.#woken)
      await Promise.race([
        this.#options.clock.sleep(ms),
        new Promise<void>((resolve) => {
          this.#wake = resolve
        }),
      ])
    this.#woken = false
  }
}
