// The web processes as members: how many there are, how one is started and how it is asked whether it serves.
//
// The process itself is app/serve.ts. All it needs stands in one file below the run directory; its environment holds
// what every program needs, the name of that file, and what the settings list.

import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeError, PlatformError } from '../base/errors.ts'
import { socketDirectory, type Installation } from '../base/installation.ts'
import type { Launch, MemberContext, MemberEngine, MemberReadiness, MemberSpec } from '../base/member.ts'
import { moduleFile } from '../base/process.ts'
import type { WebSettings } from './config.ts'
import { askControl, assertPortIsOurs } from './server/port.ts'

/** More processes than this compete for the database's connections and win nothing on one server. */
export const MAX_PROCESSES = 64

export interface WebMembersInput {
  /** The `web` block of the topology. */
  readonly settings: WebSettings
  /** What `processes: 'cores'` means here, at least 1: `os.availableParallelism()` of the server in question. */
  readonly cores: number
  /** Members that must be ready first. */
  readonly after: readonly string[]
  /** Settings of the other tiers, which a web process opens: `{ database: …, sessions: …, files: … }`. No secrets. */
  readonly app?: Readonly<Record<string, unknown>>
}

/**
 * The members `web-1` … `web-N`, alike but for their names. Pure.
 * @throws WEB_PORT_SHARING when several would take port 0
 */
export function webMembers({ settings, cores, after, app = {} }: WebMembersInput): MemberSpec[] {
  const processes = settings.processes === 'cores' ? Math.min(cores, MAX_PROCESSES) : settings.processes
  if (processes > 1 && settings.port === 0)
    throw new PlatformError('WEB_PORT_SHARING', { processes, reason: 'port 0 is another port for each' })
  return Array.from({ length: processes }, (_, index) => ({
    name: `web-${index + 1}`,
    tier: 'web',
    engine: 'web',
    after,
    address: webAddress(settings),
    settings: { ...app, web: { ...settings, processes } },
  }))
}

/** Where a person on this server can visit: `http://127.0.0.1:3000`. RFC 3986 §3.2.2 puts IPv6 into brackets. */
export function webAddress({ host, port }: Pick<WebSettings, 'host' | 'port'>): string {
  if (host === '0.0.0.0' || host === '::') return `http://127.0.0.1:${port}`
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** The file that `PANDO_MEMBER` names for a web process. Mode 600; no secrets. */
export interface WebMemberFile {
  readonly member: string
  /** Absolute paths. */
  readonly appDir: string
  readonly dataDir: string
  readonly controlSocket: string
  /** `MemberSpec.settings`. */
  readonly settings: { readonly web: WebSettings } & Readonly<Record<string, unknown>>
}

const INHERITED = ['PATH', 'HOME', 'LANG', 'TZ', 'NODE_ENV']

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
  return { NODE_ENV: 'production', ...Object.fromEntries(passed), PANDO_MEMBER: memberFile }
}

// Between the end of the drain and the kill: the application's own `close`, pools and the exit.
const CLOSE_MARGIN_MS = 5_000

/** Runs `web-1` … `web-N`. */
export const webProcess: MemberEngine = {
  async prepare(spec, { installation, appDir }): Promise<Launch> {
    const { web } = spec.settings as WebMemberFile['settings']
    await assertPortIsOurs(web, socketDirectory(installation, 'run'))
    const controlSocket = controlSocketOf(spec, installation)
    rmSync(controlSocket, { force: true })
    const file = join(installation.runDir, `${spec.name}.json`)
    const content: WebMemberFile = {
      member: spec.name,
      appDir,
      dataDir: installation.dataDir,
      controlSocket,
      settings: spec.settings as WebMemberFile['settings'],
    }
    writeFileSync(file, JSON.stringify(content, undefined, 2), { mode: 0o600 })
    return {
      file: process.execPath,
      args: [moduleFile(import.meta.url, '../app/serve')],
      env: webEnvironment(web.env, file, process.env),
      cwd: appDir,
    }
  },

  async probe(spec, { installation }: MemberContext): Promise<MemberReadiness> {
    try {
      const report = await askControl(controlSocketOf(spec, installation))
      const size = `${Math.round(report.residentBytes / 1_048_576)} MiB`
      return report.ready
        ? { ready: true, detail: `ready, ${size}` }
        : { ready: false, answered: true, detail: `${report.reason}, ${size}` }
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

function controlSocketOf(spec: MemberSpec, installation: Installation): string {
  return join(socketDirectory(installation, 'run'), `${spec.name}.sock`)
}
