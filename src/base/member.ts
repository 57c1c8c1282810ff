// A member is one process that the supervisor keeps running. A tier describes its members as data (`MemberSpec`, made by
// the pure plan) and says how a kind of member is made real (`MemberEngine`, in the tier's members.ts). The supervisor
// knows nothing else about an engine.

import type { Installation } from './installation.ts'
import type { Logger } from './log.ts'

/** One process, as the plan wants it. Plain JSON, so that two plans can be compared and written down. */
export interface MemberSpec {
  /** Unique in the installation and stable between plans: `database`, `web-1`. */
  readonly name: string
  readonly tier: string
  /** Key of the engine that runs it: `postgres-embedded`, `web`. */
  readonly engine: string
  /** Members that must be ready before this one starts; it is stopped before them. */
  readonly after: readonly string[]
  /**
   * Members that pass requests to it. They are relieved of it before it stops, and all of an installation's stop takes
   * them first; it does not need them to start. Default: none.
   */
  readonly frontedBy?: readonly string[]
  /** Where requests of others come in, for those that pass them on. */
  readonly listens?: { readonly host: string; readonly port: number }
  /** Where it can be reached, for a person: `http://127.0.0.1:3000`, `/tmp/…/.s.PGSQL.5432`. */
  readonly address: string
  /** What its engine needs to run it, resolved and validated. No secrets. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** What an engine may use to make a member real. */
export interface MemberContext {
  readonly installation: Installation
  /** Absolute directory of the application. */
  readonly appDir: string
  readonly log: Logger
}

/** How to start the process. Its output goes to its log file; it leads a process group of its own. */
export interface Launch {
  readonly file: string
  /** Never a secret: arguments are visible to every user of the machine. */
  readonly args: readonly string[]
  /** The whole environment of the process; nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  readonly uid?: number
  readonly gid?: number
}

export interface MemberReadiness {
  readonly ready: boolean
  /**
   * It answered, and says that it does not serve at the moment: it recovers, drains, waits for something. It is alive,
   * so it is not killed for it, however long that takes. Means nothing beside `ready`.
   */
  readonly answered?: boolean
  /** One line for a person: a version, a size, or what is still missing. */
  readonly detail: string
  /**
   * How busy it was in the last second: share of its event loop's time (0 to 1), how late its timers were (99th
   * percentile), requests in work. What autoscaling goes by; absent where nothing measures.
   */
  readonly load?: { readonly utilisation: number; readonly delayMs: number; readonly active: number }
}

export interface MemberEngine {
  /**
   * Makes directories, configuration and, the first time, data; clears what a killed predecessor left, and waits for
   * its children to be gone. Called before every start; a crash at any instruction must leave it callable again.
   * @throws PlatformError; a `permanent` one is not tried again.
   */
  prepare(spec: MemberSpec, context: MemberContext): Promise<Launch>
  /** Asks the process itself whether it serves. Never rejects; answers within 2 s. */
  probe(spec: MemberSpec, context: MemberContext): Promise<MemberReadiness>
  /** How it is asked to stop, and how long that may take before its process group is killed. */
  readonly stop: { readonly signal: NodeJS.Signals; readonly graceMs: number }
  /** The same for one member, where its settings decide how long it takes. Default: `stop`. Pure. */
  stopOf?(spec: MemberSpec): { readonly signal: NodeJS.Signals; readonly graceMs: number }
  /** How long the first probe may take to succeed after a start. */
  readonly startDeadlineMs: number
  /** Whether a process that runs as `from` becomes one that runs as `to` by `reload`, without an interruption. Pure. */
  canReload?(from: MemberSpec, to: MemberSpec): boolean
  /**
   * Makes the running process `pid` one of `spec`. Resolves when it is; rejects when it goes on as it was, for example
   * because its own check refused the configuration. @throws PlatformError
   */
  reload?(spec: MemberSpec, pid: number, context: MemberContext): Promise<void>
}

/** Exit status of a member that cannot succeed without a change by a person (sysexits.h, EX_CONFIG). */
export const EXIT_PERMANENT = 78
