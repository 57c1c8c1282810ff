// The engine of the members in member.ts: what the supervisor needs to know of them, and nothing that a test decides.

import { rmSync } from 'node:fs'
import { get } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type {
  Launch,
  MemberContext,
  MemberEngine,
  MemberReadiness,
  MemberSpec,
} from '../../../src/base/member.ts'
import type { Installation } from '../../../src/base/installation.ts'
import type { MemberRouter } from '../../../src/base/route.ts'
import type { Plan } from '../../../src/supervisor/records.ts'
import { frontedPlan, type FrontedSource } from './fronted.ts'

export function socketOf(installation: Pick<Installation, 'runDir'>, name: string): string {
  return join(installation.runDir, `${name}.s`)
}

/** The pid that answers on the member's socket; rejects when nobody does within `timeoutMs`. */
export function askPid(socketPath: string, timeoutMs = 1_000): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ socketPath, path: '/', agent: false, signal: AbortSignal.timeout(timeoutMs) }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => (text += chunk))
      response.once('error', reject)
      response.once('end', () => resolve(Number(text)))
    }).once('error', reject)
  })
}

/** How the program `script` is started as the member; `mode` stands before where it notes its stops. */
export function launchOf(
  script: URL,
  { name }: MemberSpec,
  { installation }: Pick<MemberContext, 'installation'>,
  ...mode: readonly string[]
): Launch {
  const socket = socketOf(installation, name)
  rmSync(socket, { force: true })
  const passed = ['PATH', 'NODE_COMPILE_CACHE'].map((key) => [key, process.env[key] ?? ''])
  return {
    file: process.execPath,
    args: [fileURLToPath(script), name, socket, ...mode, join(installation.dataDir, 'stops')],
    env: Object.fromEntries(passed) as Record<string, string>,
    cwd: installation.dataDir,
  }
}

const MEMBER = new URL('member.ts', import.meta.url)

const tiny = (mode: string, graceMs: number): MemberEngine => ({
  prepare: (spec, context) => Promise.resolve(launchOf(MEMBER, spec, context, mode)),
  async probe(spec: MemberSpec, { installation }): Promise<MemberReadiness> {
    try {
      return { ready: true, detail: `pid ${await askPid(socketOf(installation, spec.name))}` }
    } catch (error) {
      return { ready: false, detail: (error as Error).message }
    }
  },
  stop: { signal: 'SIGTERM', graceMs },
  startDeadlineMs: mode === 'mute' ? 600 : 20_000,
})

/** Of members that do not stop when they are asked: one is killed soon, the other only when a person is in a hurry. */
const GRACE_MS: Readonly<Record<string, number>> = { stubborn: 700, immovable: 600_000 }

/** `serve`, `crash`, … as in member.ts; `front` as in front.ts. */
export async function loadEngine(key: string): Promise<MemberEngine> {
  return key === 'front' ? (await import('./front-router.ts')).frontEngine : tiny(key, GRACE_MS[key] ?? 5_000)
}

export async function loadRouter(): Promise<MemberRouter> {
  return (await import('./front-router.ts')).frontRouter
}

export function withWebServers(source: FrontedSource, webs: number): Plan {
  return frontedPlan({ ...source, webs })
}

export function maxWebServers(): number {
  return 8
}
