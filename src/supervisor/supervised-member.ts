// One member made real: it carries out `start`, `stop` and `kill`, and turns what it observes of the process (its end,
// its answers) into the next `MemberState`. It decides nothing; see decide.ts.
//
// The process belongs to nobody: it leads its own group and writes to its own log, so it outlives a supervisor, and
// the next one adopts it by its record. Only a supervisor that started it learns its exit status.

import type { ChildProcess } from 'node:child_process'
import type { Clock } from '../base/clock.ts'
import { describeError, isPlatformError } from '../base/errors.ts'
import { installationId } from '../base/mark.ts'
import {
  EXIT_PERMANENT,
  type Launch,
  type MemberContext,
  type MemberEngine,
  type MemberReadiness,
} from '../base/member.ts'
import { identify, isRunning, signalProcess } from '../base/process.ts'
import { secretToken } from '../base/random.ts'
import { askReady, askReload, nextStart, stopOf } from './engine.ts'
import { logSizeBytes } from './log-file.ts'
import { failureOf, type MemberFailure } from './member-failure.ts'
import { absent, ended, probed, type End, type MemberState } from './member-state.ts'
import {
  hashPlacement,
  removeMemberRecord,
  writeMemberRecord,
  type MemberRecord,
  type Placement,
} from './records.ts'
import { spawnMember } from './spawn-member.ts'
import { killStrays, killTree } from './strays.ts'

export interface MemberEnvironment {
  readonly context: MemberContext
  readonly clock: Clock
  /** Called after every change, so that the next decision is not late. */
  readonly onChange: () => void
}

/** Time between probes of a member that is ready. */
const PROBE_EVERY_MS = 1_000
/** Between probes of one that starts: 20 ms at first, doubling to 500. */
const PROBE_FIRST_MS = 20
const PROBE_MAX_MS = 500
/** A process in the kernel's hands may outlive a SIGKILL for a while; it is sent again, not more often than this. */
const KILL_AGAIN_MS = 1_000

export class SupervisedMember {
  /** As it was last started, or will be. An empty `incarnation` says that it never was. */
  record: MemberRecord
  state: MemberState
  /** One line for a person. */
  detail = ''
  /** How busy it is, by its last answer. */
  load: MemberReadiness['load']
  /** How it ended last while it was wanted; undefined again once it is ready. */
  failure: MemberFailure | undefined
  /** Where its log begins to tell of the current attempts to start it. */
  logFromBytes: number
  /** How long its last start took until it answered; undefined before, and when it was adopted. */
  readyAfterMs: number | undefined
  /** It was stopped and its process is no more: it can be dropped. */
  gone = false

  readonly #engine: MemberEngine
  readonly #context: MemberContext
  readonly #clock: Clock
  readonly #onChange: () => void
  #startedMs = 0
  #child: ChildProcess | undefined
  #killed: { readonly why: 'late' | 'hung' | 'stopping'; readonly atMs: number } | undefined
  #stopRequested = false
  #probing = false
  #nextProbeMs = 0
  #probeDelayMs = PROBE_FIRST_MS

  /** Adopts the process of `record` when it runs. */
  constructor(record: MemberRecord, engine: MemberEngine, { context, clock, onChange }: MemberEnvironment) {
    this.record = record
    this.#engine = engine
    this.#context = context
    this.#clock = clock
    this.#onChange = onChange
    this.logFromBytes = logSizeBytes(context.installation, record.spec.name)
    this.state = absent(record.spec.name, clock.monotonic())
    if (record.process === undefined || !isRunning(record.process)) return
    this.#enter('starting')
    this.state = { ...this.state, isServing: record.served === true }
    context.log.info({ member: record.spec.name, pid: record.process.pid }, 'member adopted')
  }

  get pid(): number | undefined {
    return this.state.phase === 'idle' || this.state.phase === 'preparing'
      ? undefined
      : (this.#child?.pid ?? this.record.process?.pid)
  }

  start(placement: Placement): void {
    this.record = nextStart(this.record, placement, this.#engine)
    this.#stopRequested = false
    this.#startedMs = this.#clock.monotonic()
    this.readyAfterMs = undefined
    if (this.state.crashes === 0)
      this.logFromBytes = logSizeBytes(this.#context.installation, this.state.name)
    this.#enter('preparing')
    void this.#prepareAndLaunch()
  }

  /** Asks it to stop. While it is prepared it is not started any more. */
  stop(): void {
    if (this.#stopRequested) return
    this.#stopRequested = true
    if (this.state.phase === 'preparing') return
    this.#context.log.info({ member: this.state.name }, 'member stops')
    if (this.record.process !== undefined) signalProcess(this.record.process, this.record.stop.signal)
    this.#change({ ...this.state, phase: 'stopping', sinceMs: this.#clock.monotonic() })
  }

  /** Notes how far it is relieved of requests; the routers are told by what is noted. */
  relieve(kind: 'draining' | 'out' | undefined): void {
    this.#context.log.info({ member: this.state.name }, `member ${kind ?? 'restored'}`)
    const sinceMs = this.#clock.monotonic()
    this.#change({ ...this.state, relief: kind === undefined ? undefined : { kind, sinceMs } })
  }

  /** Makes its process one of `placement` in place; `state.reload` tells how that goes. */
  reload(placement: Placement): void {
    const specHash = hashPlacement(placement)
    this.logFromBytes = logSizeBytes(this.#context.installation, placement.spec.name)
    this.#change({ ...this.state, reload: { specHash, isFailed: false } })
    void this.#reload(placement, specHash)
  }

  /** What it refused is not wanted any more. */
  forgetReload(): void {
    this.failure = undefined
    this.#change({ ...this.state, reload: undefined })
  }

  /** Kills its process, and everything that process started. */
  kill(why: 'late' | 'hung' | 'stopping'): void {
    const atMs = this.#clock.monotonic()
    if (this.#killed?.why === why && atMs - this.#killed.atMs < KILL_AGAIN_MS) return
    this.#killed = { why, atMs }
    this.#context.log.warn({ member: this.state.name, reason: why }, 'member killed')
    if (this.record.process !== undefined) killTree(this.record.process)
  }

  /** Looks whether its process is there, and asks it whether it serves when that is due. Returns at once. */
  observe(excused: boolean): void {
    if (this.state.phase === 'idle' || this.state.phase === 'preparing') return
    if (this.#child === undefined && (this.record.process === undefined || !isRunning(this.record.process))) {
      this.#onEnd('crashed', 'ended')
      return
    }
    if (this.state.phase === 'stopping' || this.#probing || this.#clock.monotonic() < this.#nextProbeMs)
      return
    this.#probing = true
    void this.#probe(excused).finally(() => {
      this.#probing = false
      this.#probeDelayMs = Math.min(this.#probeDelayMs * 2, PROBE_MAX_MS)
      this.#nextProbeMs =
        this.#clock.monotonic() + (this.state.phase === 'ready' ? PROBE_EVERY_MS : this.#probeDelayMs)
    })
  }

  #change(next: MemberState): void {
    this.state = next
    this.#onChange()
  }

  #enter(phase: 'preparing' | 'starting'): void {
    this.#probeDelayMs = PROBE_FIRST_MS / 2
    this.#nextProbeMs = 0
    this.#change({
      ...this.state,
      phase,
      specHash: this.record.specHash,
      after: this.record.spec.after,
      frontedBy: this.record.spec.frontedBy ?? [],
      sinceMs: this.#clock.monotonic(),
      unanswered: undefined,
      startDeadlineMs: this.#engine.startDeadlineMs,
      graceMs: this.record.stop.graceMs,
    })
  }

  async #prepareAndLaunch(): Promise<void> {
    try {
      const launch = await this.#engine.prepare(this.record.spec, this.#context)
      if (this.#stopRequested) this.#onEnd('crashed', 'was not started any more')
      else this.#launch(launch)
    } catch (error) {
      const isFinal = isPlatformError(error) && error.permanent
      this.#onEnd(isFinal ? 'refused' : 'crashed', `could not be started (${describeError(error)})`, error)
    }
  }

  async #reload({ spec, renewal }: Placement, specHash: string): Promise<void> {
    const { installation, log } = this.#context
    const { incarnation, process: identity } = this.record
    const pid = identity?.pid ?? 0
    const error = await askReload(this.#engine, spec, pid, this.#context, this.#clock)
    if (this.record.incarnation !== incarnation || this.state.phase !== 'ready') return
    if (error !== undefined) {
      const reason = `refused its new configuration (${describeError(error)})`
      this.failure = { end: 'refused', reason, waitedMs: 0, error }
      log.warn({ member: spec.name, reason }, 'member not reloaded')
      this.#change({ ...this.state, reload: { specHash, isFailed: true } })
      return
    }
    this.record = { ...this.record, spec, renewal, specHash, stop: stopOf(spec, this.#engine) }
    writeMemberRecord(installation, this.record)
    log.info({ member: spec.name }, 'member reloaded')
    const { after, frontedBy = [] } = spec
    this.#change({
      ...this.state,
      specHash,
      after,
      frontedBy,
      reload: undefined,
      graceMs: this.record.stop.graceMs,
    })
  }

  #launch(launch: Launch): void {
    const { installation, log } = this.#context
    const { process: _, served: __, ...record } = this.record
    const { spec } = record
    this.record = { ...record, incarnation: secretToken(9) }
    // Before the start, so that a successor knows that there may be a process whose pid it was not told.
    writeMemberRecord(installation, this.record)
    const child = spawnMember(launch, this.record, installation)
    this.#watchEnd(child)
    this.#child = child
    const identity = child.pid === undefined ? undefined : identify(child.pid)
    if (identity !== undefined) {
      this.record = { ...this.record, process: identity }
      writeMemberRecord(installation, this.record)
    }
    this.#enter('starting')
    log.info({ member: spec.name, pid: child.pid }, 'member started')
  }

  #watchEnd(child: ChildProcess): void {
    // A child whose program cannot be run has no pid and no exit, only this error.
    child.once('error', (error) => {
      if (child.pid === undefined && this.#child === child)
        this.#onEnd('crashed', `could not be started (${describeError(error)})`, error)
    })
    child.once('exit', (status, signal) => {
      if (this.#child !== child) return
      this.#onEnd(
        status === EXIT_PERMANENT ? 'refused' : 'crashed',
        signal === null ? `exited with status ${status}` : `was ended by ${signal}`,
      )
    })
  }

  #onEnd(end: End, reason: string, error?: unknown): void {
    const { installation, log } = this.#context
    const { name } = this.state
    const killedWhy = this.#killed?.why
    this.#child = undefined
    this.#killed = undefined
    killStrays(installationId(installation), (stray) => stray.incarnation === this.record.incarnation)
    if (this.#stopRequested) {
      removeMemberRecord(installation, name)
      log.info({ member: name }, 'member stopped')
      this.gone = true
      this.#change(absent(name, this.#clock.monotonic()))
      return
    }
    const nowMs = this.#clock.monotonic()
    const { detail } = this
    this.failure = failureOf(this.state, nowMs, { end, reason, error, killedWhy, detail })
    log.warn({ member: name, reason: this.failure.reason }, 'member ended')
    this.#change(ended(this.state, nowMs, this.failure.end))
  }

  async #probe(excused: boolean): Promise<void> {
    const { incarnation, spec } = this.record
    const { installation, log } = this.#context
    const answer = await askReady(this.#engine, spec, this.#context, this.#clock)
    const { phase } = this.state
    if (this.record.incarnation !== incarnation || (phase !== 'starting' && phase !== 'ready')) return
    this.detail = answer.detail
    this.load = answer.load
    if (phase === 'starting' && answer.ready) {
      this.failure = undefined
      this.record = { ...this.record, served: true }
      writeMemberRecord(installation, this.record)
      if (this.#startedMs > 0) this.readyAfterMs = this.#clock.monotonic() - this.#startedMs
      log.info({ member: spec.name, durationMs: Math.round(this.readyAfterMs ?? 0) }, 'member ready')
    }
    const said = answer.ready ? 'serves' : answer.answered === true ? 'waits' : 'none'
    this.#change(probed(this.state, this.#clock.monotonic(), said, excused))
  }
}
