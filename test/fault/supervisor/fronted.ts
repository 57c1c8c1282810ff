// The plan of a front and the webs behind it, as the planner of a topology would make it: a pure function of its source.

import { fileURLToPath } from 'node:url'
import type { MemberSpec } from '../../../src/base/member.ts'
import type { Plan } from '../../../src/supervisor/records.ts'

export interface FrontedSource {
  readonly webs: number
  /** Of the webs: `serve`, `crash`, … as in member.ts. */
  readonly mode: string
  /** Changes what the webs are. */
  readonly version: number
  /** Changes what the store is. */
  readonly store: number
  /** Of the front: `bad` is refused. */
  readonly config: string
}

export const SOURCE: FrontedSource = { webs: 3, mode: 'serve', version: 1, store: 1, config: 'good' }

export function frontedPlan(change: Partial<FrontedSource> = {}): Plan {
  const source = { ...SOURCE, ...change }
  const member = (name: string, tier: string, engine: string, more: Partial<MemberSpec>): MemberSpec => ({
    name,
    tier,
    engine,
    after: [],
    address: `${name}.s`,
    settings: {},
    ...more,
  })
  const webs = Array.from({ length: source.webs }, (_, index) =>
    member(`web-${index + 1}`, 'web', source.mode, {
      after: ['store'],
      frontedBy: ['front-1'],
      settings: { version: source.version },
    }),
  )
  return {
    stage: 'balanced',
    appDir: '/',
    endpoints: { web: 'http://127.0.0.1:22000' },
    members: [
      member('store', 'store', 'serve', { settings: { version: source.store } }),
      member('front-1', 'front', 'front', { settings: { config: source.config } }),
      ...webs,
    ],
    routes: [{ tier: 'web', router: 'front', through: ['front-1'] }],
    source,
    enginesModule: fileURLToPath(new URL('engines.ts', import.meta.url)),
  }
}
