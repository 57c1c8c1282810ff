// What the supervisor writes down so that another process can go on after it was killed: what is wanted, who watches
// whom, and which process every member is. Each file is replaced as a whole, so a reader never sees half of one; a file
// that cannot be read counts as absent, because the search for marked processes (strays.ts) finds what it described.
//
// One writer at a time: `up` before there is a supervisor, then whoever holds the supervisor's lock.

import { createHash } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import { describeError, PlatformError } from '../base/errors.ts'
import { openInstallation, type Installation } from '../base/installation.ts'
import type { MemberSpec } from '../base/member.ts'
import type { ProcessIdentity } from '../base/process.ts'
import { secretToken } from '../base/random.ts'
import type { FrontCount, Route } from '../base/route.ts'
import type { ChangeReport, ChangeRequest } from './change.ts'

/** What `up` asks for, completely: a supervisor started later needs neither the application nor the topology file. */
export interface Plan {
  readonly stage: string
  /** Absolute directory of the application. */
  readonly appDir: string
  readonly endpoints: { readonly web: string | undefined }
  readonly members: readonly MemberSpec[]
  /** How requests come to them. */
  readonly routes: readonly Route[]
  /** What the plan was made of, for `withWebServers` of the engines' module; the supervisor does not look into it. */
  readonly source: unknown
  /** Absolute path of the module whose `loadEngine(key)` gives the members' engines, and `loadRouter(key)` the routers. */
  readonly enginesModule: string
}

/** Why a start was given up, as it is shown to the person who asked for it. */
export interface StartFailure {
  readonly code: string
  readonly message: string
  readonly fix: string
  readonly permanent: boolean
  readonly member: string | undefined
  /** Last lines of the member's log, oldest first; at most 20. */
  readonly lines: readonly string[]
}

/** One member as it is wanted at the moment. */
export interface Placement {
  readonly spec: MemberSpec
  /** How often its process was to be replaced by one of the same specification. */
  readonly renewal: number
  /** It runs, and gets no requests: a person drained it. */
  readonly isDrained: boolean
}

/** What is to be reached, or to be put back: all members in the order of starting. */
export interface Goal {
  readonly plan: Plan
  readonly placements: readonly Placement[]
  /** A further member for each tier that has a route: it serves while the others are replaced. */
  readonly spares: readonly Placement[]
}

/** What a route has counted since a change began. */
export interface Counted {
  /** Of each process that passes requests on, by a key of its own: its last counters. */
  readonly last: Readonly<Record<string, FrontCount>>
  /** The sums over all reports since the beginning. */
  readonly sumRequests: number
  readonly sumFailed: number
}

/** A change under way, with all that a later supervisor needs to go on. */
export interface ChangeRecord {
  readonly id: string
  readonly kind: ChangeRequest['kind']
  readonly reason: string | undefined
  /** `rolling back` goes from `to` to `from`. */
  readonly state: 'running' | 'rolling back'
  readonly from: Goal
  readonly to: Goal
  /** Milliseconds since 1970: the monotonic clock ends with the machine. */
  readonly beganMs: number
  /** By tier. */
  readonly counted: Readonly<Record<string, Counted>>
  readonly failure: ChangeReport['failure']
}

/** `run/wanted.json` */
export interface Wanted {
  readonly state: 'up' | 'down'
  /** As it was asked for; while a change is under way, the one before. */
  readonly plan: Plan
  /** All members in the order of starting. Without it, as the plan has them. */
  readonly placements?: readonly Placement[]
  readonly change?: ChangeRecord
  /** The last change that ended. */
  readonly lastChange?: ChangeReport
  /** Everything was ready at least once since `up`: from then on nothing is given up. */
  readonly reached: boolean
  /** state `down` only: nothing is left, the watchdog may leave. */
  readonly finished: boolean
  readonly failure?: StartFailure
}

/** Where nothing was written down yet. */
export const NOTHING_WANTED: Wanted = {
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

/** `run/<member>.pid.json`. Written without `process` just before the start and with it just after. */
export interface MemberRecord {
  readonly spec: MemberSpec
  readonly specHash: string
  /** As in the placement that it was started for. Absent means 0. */
  readonly renewal?: number
  /** Different at every start; the process carries it in its environment. */
  readonly incarnation: string
  readonly process?: ProcessIdentity
  /** Its process has served. */
  readonly served?: boolean
  readonly stop: { readonly signal: NodeJS.Signals; readonly graceMs: number }
  /** Starts after the first one since `up`. */
  readonly restarts: number
}

export type Role = 'supervisor' | 'watchdog'

/** The installation at `dataDir`, by its real path: two names of one directory are one installation. @throws SUPERVISOR_DATA_DIRECTORY */
export function realInstallation(dataDir: string): Installation {
  try {
    const { runDir, logsDir, secretsDir } = openInstallation(dataDir)
    for (const dir of [runDir, logsDir, secretsDir]) accessSync(dir, constants.W_OK | constants.X_OK)
    return openInstallation(realpathSync(dataDir))
  } catch (cause) {
    throw new PlatformError(
      'SUPERVISOR_DATA_DIRECTORY',
      { dataDir: resolve(dataDir), reason: describeError(cause) },
      { cause },
    )
  }
}

/**
 * Changes when a running member no longer is what is wanted. Who passes requests to it is not its own affair: another
 * balancer does not replace every web server.
 */
export function hashSpec(spec: MemberSpec): string {
  const { frontedBy: _, ...own } = spec
  return createHash('sha256').update(canonical(own)).digest('hex').slice(0, 16)
}

/** The same for a placement: each renewal is another one. */
export function hashPlacement({ spec, renewal }: Pick<Placement, 'spec' | 'renewal'>): string {
  return renewal === 0 ? hashSpec(spec) : `${hashSpec(spec)}.${renewal}`
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value)
    .filter(([, inner]) => inner !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`).join(',')}}`
}

export function readWanted(installation: Installation): Wanted | undefined {
  return readJson(join(installation.runDir, 'wanted.json')) as Wanted | undefined
}

export function writeWanted(installation: Installation, wanted: Wanted): void {
  writeJson(join(installation.runDir, 'wanted.json'), wanted)
}

/** Who had the role last; it need not run any more. */
export function readRole(installation: Installation, role: Role): ProcessIdentity | undefined {
  return readJson(join(installation.runDir, `${role}.json`)) as ProcessIdentity | undefined
}

export function writeRole(installation: Installation, role: Role, identity: ProcessIdentity): void {
  writeJson(join(installation.runDir, `${role}.json`), identity)
}

export function removeRole(installation: Installation, role: Role): void {
  rmSync(join(installation.runDir, `${role}.json`), { force: true })
}

const MEMBER_RECORD = '.pid.json'

/** All member records that can be read, by name. */
export function readMemberRecords(installation: Installation): readonly MemberRecord[] {
  return readdirSync(installation.runDir)
    .filter((file) => file.endsWith(MEMBER_RECORD))
    .sort()
    .map((file) => readJson(join(installation.runDir, file)) as MemberRecord | undefined)
    .filter((record) => record !== undefined)
}

export function writeMemberRecord(installation: Installation, record: MemberRecord): void {
  writeJson(join(installation.runDir, record.spec.name + MEMBER_RECORD), record)
}

export function removeMemberRecord(installation: Installation, name: string): void {
  rmSync(join(installation.runDir, name + MEMBER_RECORD), { force: true })
}

export function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Replaces the file at `path` so that a reader, and a crash at any instruction, finds the old or the new one. */
export function writeJson(path: string, value: unknown): void {
  const temporary = `${path}.${secretToken(6)}.tmp`
  const descriptor = openSync(temporary, 'wx', 0o600)
  try {
    writeSync(descriptor, JSON.stringify(value))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, path)
}
