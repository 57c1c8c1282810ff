import { describe, expect, test } from 'vitest'
import type { MemberSpec } from '../../base/member.ts'
import type { RouteReport, UpstreamReport } from '../../base/route.ts'
import { measured, type Circumstance } from './measured.ts'

const upstream = (name: MemberSpec['name'], change: Partial<UpstreamReport> = {}): UpstreamReport => ({
  name,
  carriedOut: 'ready',
  active: 4,
  requests: 100,
  ...change,
})
const route = (...upstreams: UpstreamReport[]): RouteReport => ({
  upstreams,
  counting: '1',
  requests: 300,
  failed: 0,
  waiting: 7,
  waitMs: 12,
})
const load = (utilisation: number): { utilisation: number; delayMs: number; active: number } => ({
  utilisation,
  delayMs: 20,
  active: 4,
})
const calm: Circumstance = {
  route: route(upstream('web-1'), upstream('web-2')),
  loads: new Map([
    ['web-1', load(0.5)],
    ['web-2', load(0.7)],
  ]),
  wanted: 2,
  isChanging: false,
  lastChangeFailed: false,
}

describe('what is measured', () => {
  test('is the load of the servers in service and what waits for them', () => {
    expect(measured(calm)).toEqual({
      servers: [
        { name: 'web-1', utilisation: 0.5, loopDelayP99Ms: 20 },
        { name: 'web-2', utilisation: 0.7, loopDelayP99Ms: 20 },
      ],
      active: 8,
      waiting: 7,
      waitMs: 12,
      inService: 2,
      wanted: 2,
      isChanging: false,
      lastChangeFailed: false,
    })
  })

  test('leaves out a server that drains or of which the router knows nothing yet', () => {
    const upstreams = route(
      upstream('web-1'),
      upstream('web-2', { carriedOut: 'drain' }),
      upstream('web-3', { carriedOut: undefined }),
    )

    expect(measured({ ...calm, route: upstreams })).toMatchObject({
      servers: [{ name: 'web-1' }],
      inService: 1,
      active: 4,
    })
  })

  test('has a server in service that told no figures, and none when the router is silent', () => {
    expect(measured({ ...calm, loads: new Map() })).toMatchObject({ servers: [], inService: 2 })
    expect(measured({ ...calm, route: undefined })).toMatchObject({ servers: [], inService: 0 })
  })
})
