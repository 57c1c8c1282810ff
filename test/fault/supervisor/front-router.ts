// The router of front.ts, and the engine of its process.

import { askLocal } from '../../../src/base/local-http.ts'
import type { MemberContext, MemberEngine, MemberSpec } from '../../../src/base/member.ts'
import type { MemberRouter, UpstreamWish } from '../../../src/base/route.ts'
import { launchOf, socketOf } from './engines.ts'

export interface Told {
  readonly name: string
  readonly socket: string
  readonly wish: UpstreamWish
}

export interface FrontReport {
  readonly pid: number
  readonly counting: string
  readonly requests: number
  readonly failed: number
  readonly told: readonly Told[]
  readonly active: Readonly<Record<string, number>>
}

async function ask(spec: MemberSpec, at: MemberContext, path: string, body = ''): Promise<FrontReport> {
  const socketPath = socketOf(at.installation, spec.name)
  const { status, text } = await askLocal({
    socketPath,
    method: 'POST',
    path,
    body,
    timeoutMs: 2_000,
    maxBytes: 100_000,
  })
  if (status !== 200) throw new Error(`the front answers ${status}`)
  return JSON.parse(text) as FrontReport
}

export const frontRouter: MemberRouter = {
  async route(through, upstreams, context) {
    const told = upstreams.map(({ spec, wish }): Told => {
      return { name: spec.name, socket: socketOf(context.installation, spec.name), wish }
    })
    const reports = await Promise.all(
      through.map((front) => ask(front, context, '/-/route', JSON.stringify(told))),
    )
    const sum = (of: (report: FrontReport) => number): number =>
      reports.reduce((total, report) => total + of(report), 0)
    return {
      upstreams: told.map(({ name, wish }) => ({
        name,
        carriedOut: wish,
        active: sum(({ active }) => active[name] ?? 0),
        requests: 0,
      })),
      counting: reports.map(({ counting }) => counting).join(' '),
      requests: sum(({ requests }) => requests),
      failed: sum(({ failed }) => failed),
      waiting: 0,
      waitMs: 0,
    }
  },
}

const FRONT = new URL('front.ts', import.meta.url)

export const frontEngine: MemberEngine = {
  prepare: (spec, context) => Promise.resolve(launchOf(FRONT, spec, context)),
  async probe(spec, context) {
    try {
      return { ready: true, detail: `pid ${(await ask(spec, context, '/-/state')).pid}` }
    } catch (error) {
      return { ready: false, detail: (error as Error).message }
    }
  },
  stop: { signal: 'SIGTERM', graceMs: 5_000 },
  startDeadlineMs: 20_000,
  canReload: () => true,
  async reload(spec, _pid, context) {
    await ask(spec, context, '/-/config', String(spec.settings.config))
  },
}
