// The web processes as members: how many there are, how one is started and how it is asked whether it serves.
//
// The process itself is app/serve.ts. All it needs stands in one file below the run directory; its environment holds
// what every program needs, the name of that file, and what the settings list.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError, PlatformError } from '../base/errors.ts'
import { socketDirectory } from '../base/installation.ts'
import type { Launch, MemberContext, MemberEngine, MemberReadiness, MemberSpec } from '../base/member.ts'
import { addressOf } from '../base/place.ts'
import { moduleFile } from '../base/process.ts'
import type { WebFleetSettings, WebSettings } from './config.ts'
import { askControl, controlSocketOf } from './server/ask-control.ts'
import type { ControlReport } from './server/health.ts'
import { assertPortIsOurs } from './server/port.ts'

/** More processes than this compete for the database's connections and win nothing on one server. */
export const MAX_PROCESSES = 64

/** The application that web processes run. */
export interface AppRelease {
  /** Absolute directory. */
  readonly dir: string
  /** Changes with its files and with what they are run by; a process with another one is replaced by `apply`. */
  readonly release: string
}

export interface WebMembersInput {
  /** The `web` block of the topology. */
  readonly settings: WebSettings & Partial<WebFleetSettings>
  readonly release: AppRelease
  /** How many, 1 to 64. */
  readonly count: number
  /** Members that must be ready first. */
  readonly after: readonly string[]
  /** Members that pass requests to them. Default, none: they share the port `web.port`. */
  readonly frontedBy?: readonly string[]
  /** Whether processes can share a port here: on Linux. */
  readonly canShare: boolean
  /** Settings of the other tiers, which a web process opens: `{ database: …, sessions: …, files: … }`. No secrets. */
  readonly app?: Readonly<Record<string, unknown>>
}

/**
 * The members `web-1` … `web-N`. Fronted ones are alike but for their names and addresses; the others have one address.
 * A member does not change when their number does. Pure.
 * @throws WEB_PORT_SHARING when several would take port 0
 */
export function webMembers(input: WebMembersInput): MemberSpec[] {
  const { settings, release, count, after, frontedBy = [], canShare, app = {} } = input
  const { servers: _, maxServers: __, serverPort = 8080, autoscale: ___, ...web } = settings
  if (count > 1 && web.port === 0)
    throw new PlatformError('WEB_PORT_SHARING', {
      processes: count,
      reason: 'port 0 is another port for each',
    })
  return Array.from({ length: count }, (_, index) => {
    const isFronted = frontedBy.length > 0
    const own = isFronted
      ? {
          host: serverHost(web.port, index + 1),
          port: serverPort,
          processes: 1,
          trustProxy: true,
          isFronted,
        }
      : // The same whatever the count, so that another count is no other member. Port 0 cannot be shared.
        { processes: canShare && web.port !== 0 ? ('cores' as const) : count }
    const { host, port } = { ...web, ...own }
    return {
      name: `web-${index + 1}`,
      tier: 'web',
      engine: 'web',
      after,
      frontedBy,
      listens: { host, port },
      address: addressOf({ host, port }),
      settings: { ...app, release, web: { ...web, ...own } },
    }
  })
}

/**
 * The loopback address of the web server `number` (1 to 254) of the installation that visitors reach at `port`: no two
 * installations on one machine have the same port, so none of their servers the same address. All of 127.0.0.0/8 is this
 * machine (RFC 1122 §3.2.1.3); Linux answers on all of it.
 */
export function serverHost(port: number, number: number): string {
  return `127.${port >> 8}.${port & 255}.${number}`
}

/** The `web` block as one process has it. */
export type MemberWebSettings = WebSettings & { readonly isFronted?: boolean }

/** The file that `PANDO_MEMBER` names for a web process. Mode 600; no secrets. */
export interface WebMemberFile {
  readonly member: string
  /** Absolute paths. */
  readonly appDir: string
  readonly dataDir: string
  readonly controlSocket: string
  /** `MemberSpec.settings`. */
  readonly settings: { readonly web: MemberWebSettings; readonly release: AppRelease } & Readonly<
    Record<string, unknown>
  >
}

const INHERITED = ['PATH', 'HOME', 'LANG', 'TZ', 'NODE_ENV']

// glibc gives every thread a heap of its own and keeps what is freed in it; a password hash takes 16 MiB and more on each
// of four threads. Two heaps hold a third less and cost nothing (mallopt(3); figures in docs/explanation/web.md). Whoever
// wants another number names the variable in `web.env`.
const ALLOCATOR = { MALLOC_ARENA_MAX: '2' }

/** The environment of a web process: what every program needs and what `names` adds, where it is set. Pure. */
export function webEnvironment(
  names: readonly string[],
  memberFile: string,
  outer: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const passed = [...INHERITED, ...names].flatMap((name) => {
    const value = outer[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    NODE_ENV: 'production',
    ...ALLOCATOR,
    ...Object.fromEntries(passed),
    PANDO_MEMBER: memberFile,
  }
}

// Between the end of the drain and the kill: the application's own `close`, pools and the exit.
const CLOSE_MARGIN_MS = 5_000

/** Runs `web-1` … `web-N`. */
export const webProcess: MemberEngine = {
  async prepare(spec, { installation }): Promise<Launch> {
    const { web, release } = spec.settings as WebMemberFile['settings']
    await assertPortIsOurs(web, socketDirectory(installation, 'run'))
    const controlSocket = controlSocketOf(spec.name, installation)
    rmSync(controlSocket, { force: true })
    const file = join(installation.runDir, `${spec.name}.json`)
    const content: WebMemberFile = {
      member: spec.name,
      appDir: release.dir,
      dataDir: installation.dataDir,
      controlSocket,
      settings: spec.settings as WebMemberFile['settings'],
    }
    writeFileSync(file, JSON.stringify(content, undefined, 2), { mode: 0o600 })
    return {
      file: process.execPath,
      args: [moduleFile(import.meta.url, '../app/serve')],
      env: webEnvironment(web.env, file, process.env),
      cwd: release.dir,
    }
  },

  async probe(spec, { installation }: MemberContext): Promise<MemberReadiness> {
    try {
      const report = await askControl(controlSocketOf(spec.name, installation))
      const { ready, active, loop } = report
      const load = { utilisation: loop.utilisation, delayMs: loop.delayP99Ms, active }
      return { ready, answered: true, detail: detailOf(report), load }
    } catch (error) {
      return { ready: false, detail: `no answer from its control socket (${describeError(error)})` }
    }
  },

  stop: { signal: 'SIGTERM', graceMs: 10_000 + CLOSE_MARGIN_MS },
  stopOf(spec) {
    const { announceMs, drainMs } = (spec.settings as WebMemberFile['settings']).web
    return { signal: 'SIGTERM', graceMs: announceMs + drainMs + CLOSE_MARGIN_MS }
  },
  startDeadlineMs: 60_000,
}

/** `ready, 131 MiB, loop 12 % busy, 3 in work` */
function detailOf({ ready, reason, accepting, residentBytes, loop, active }: ControlReport): string {
  return [
    ready ? 'ready' : reason,
    ...(ready && !accepting ? ['takes no connections'] : []),
    `${Math.round(residentBytes / 1_048_576)} MiB`,
    `loop ${Math.round(loop.utilisation * 100)} % busy`,
    `${active} in work`,
  ].join(', ')
}
