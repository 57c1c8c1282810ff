import { describe, expect, test } from 'vitest'
import { judgeChange, type Judgement } from './change.ts'
import { planMembers, type Plan, type PlannedApp } from './plan.ts'
import { topologySchema, type TopologyInput } from './schema.ts'

const APP: PlannedApp = { name: 'guestbook', dir: '/srv/releases/41', release: 'r41', idempotent: [] }

const planOf = (input: TopologyInput, app: Partial<PlannedApp> = {}): Plan =>
  planMembers(topologySchema.parse({ stage: 'balanced', ...input, web: { servers: 3, ...input.web } }), {
    app: { ...APP, ...app },
    cores: 4,
    canShare: true,
  })
const judged = (from: TopologyInput, to: TopologyInput, app: Partial<PlannedApp> = {}): Judgement =>
  judgeChange(planOf(from), planOf(to, app), (old) => old.engine === 'haproxy')

describe('a change', () => {
  test('of nothing has no members', () => {
    expect(judged({}, {})).toEqual({ members: [], obstacles: [], settings: [] })
  })

  test('of nothing is the same after the plan was written down and read', () => {
    const read = JSON.parse(JSON.stringify(planOf({}))) as Plan

    expect(judgeChange(read, planOf({}))).toEqual({ members: [], obstacles: [], settings: [] })
  })

  test('of the bounds of autoscaling changes no member, and is one', () => {
    const before: TopologyInput = { web: { autoscale: { min: 2, max: 4 } } }

    expect(judged(before, { web: { autoscale: { min: 2, max: 8 } } })).toEqual({
      members: [],
      obstacles: [],
      settings: ['web.autoscale.max 4 → 8'],
    })
    expect(judged({}, before).settings).toContain('web.autoscale.max none → 4')
  })

  test('of the application code replaces the web servers and nothing else', () => {
    const { members, obstacles } = judged({}, {}, { release: 'r42' })

    expect(members).toEqual(
      ['web-1', 'web-2', 'web-3'].map((member) => ({
        member,
        change: 'replace',
        reasons: ['new application code'],
      })),
    )
    expect(obstacles).toEqual([])
  })

  test('to a release in another directory leaves the balancer alone, unless its certificates are there', () => {
    const other = { dir: '/srv/releases/42', release: 'r42' }
    const changed = (tlsCertificates: string[]): string[] =>
      judged({ balancer: { tlsCertificates } }, { balancer: { tlsCertificates } }, other).members.map(
        ({ member }) => member,
      )

    expect(changed(['/etc/ssl/shop.pem'])).toEqual(['web-1', 'web-2', 'web-3'])
    expect(changed(['shop.pem'])).toEqual(['balancer-1', 'balancer-2', 'web-1', 'web-2', 'web-3'])
  })

  test('of the idempotent routes reloads the balancer', () => {
    const { members } = judged({}, {}, { idempotent: ['PUT /carts/*'] })

    expect(members.map(({ member, reasons }) => [member, reasons])).toEqual([
      ['balancer-1', ['other idempotent routes']],
      ['balancer-2', ['other idempotent routes']],
    ])
  })

  test('of the number of web servers adds or removes some', () => {
    const changes = ({ members }: Judgement): unknown => members.map(({ member, change }) => [member, change])

    expect(changes(judged({}, { web: { servers: 5 } }))).toEqual([
      ['web-4', 'add'],
      ['web-5', 'add'],
    ])
    expect(changes(judged({}, { web: { servers: 1 } }))).toEqual([
      ['web-2', 'remove'],
      ['web-3', 'remove'],
    ])
  })

  test('of a setting of the web tier replaces web servers, says which, and reloads the balancer it concerns', () => {
    const { members } = judged({}, { web: { keepAliveMs: 700_000, bodyMaxBytes: 20_971_520 } })

    expect(members.map(({ member, change }) => [member, change])).toEqual([
      ['balancer-1', 'reload'],
      ['balancer-2', 'reload'],
      ['web-1', 'replace'],
      ['web-2', 'replace'],
      ['web-3', 'replace'],
    ])
    expect(members.at(-1)?.reasons).toEqual([
      'web.bodyMaxBytes 10485760 (10 MiB) → 20971520 (20 MiB)',
      'web.keepAliveMs 620000 (620 s) → 700000 (700 s)',
    ])
  })

  test('of the balancer alone leaves the web servers as they are', () => {
    const { members, obstacles } = judged({}, { balancer: { algorithm: 'roundrobin' } })

    expect(members).toEqual(
      ['balancer-1', 'balancer-2'].map((member) => ({
        member,
        change: 'reload',
        reasons: ['balancer.algorithm "leastconn" → "roundrobin"'],
      })),
    )
    expect(obstacles).toEqual([])
  })
})

test('another number of balancer processes replaces no web server', () => {
  const changed = judgeChange(planOf({}), planOf({ balancer: { processes: 3 } }), () => true).members

  expect(changed.filter(({ member }) => !member.startsWith('balancer-'))).toEqual([])
  expect(changed).toContainEqual({ member: 'balancer-3', change: 'add', reasons: [] })
})

describe('a change from a shared port to a balancer', () => {
  const single = planMembers(topologySchema.parse({}), { app: APP, cores: 4, canShare: true })
  const changes = (from: Plan, to: Plan): unknown =>
    judgeChange(from, to).members.map(({ member, change, reasons }) => [member, change, ...reasons])

  test('adds balancers and web servers behind them, and replaces those that are there', () => {
    expect(changes(single, planOf({}))).toEqual([
      ['balancer-1', 'add'],
      ['balancer-2', 'add'],
      ['web-1', 'replace', 'behind a balancer'],
      ['web-2', 'add'],
      ['web-3', 'add'],
    ])
  })

  test('and back is the reverse', () => {
    expect(changes(planOf({}), single)).toEqual([
      ['web-1', 'replace', 'no balancer in front'],
      ['balancer-1', 'remove'],
      ['balancer-2', 'remove'],
      ['web-2', 'remove'],
      ['web-3', 'remove'],
    ])
  })
})

describe('an obstacle', () => {
  const S3 = { driver: 's3', url: 'http://127.0.0.1:9000', bucket: 'old' } as const
  const obstacles = (from: TopologyInput, to: TopologyInput, app?: Partial<PlannedApp>) =>
    judged(from, to, app).obstacles.map(({ kind, key, from: old, to: now }) => [kind, key, old, now])

  test.each<[TopologyInput, TopologyInput, unknown]>([
    [{}, { web: { port: 8080 } }, ['restart', 'web.port', '3000', '8080']],
    [{}, { web: { host: '0.0.0.0' } }, ['restart', 'web.host', '"127.0.0.1"', '"0.0.0.0"']],
    [{}, { web: { serverPort: 9090 } }, ['restart', 'web.serverPort', '8080', '9090']],
    [{}, { database: { maxConnections: 400 } }, ['restart', 'database.maxConnections', 'none', '400']],
    [{}, { database: { poolMax: 20 } }, ['restart', 'database.poolMax', '10', '20']],
    [{}, { web: { maxServers: 32 } }, ['restart', 'web.maxServers', '16', '32']],
    [{}, { files: S3 }, ['loss', 'files.driver', '"fs"', '"s3"']],
    [{ files: S3 }, { files: { ...S3, bucket: 'new' } }, ['loss', 'files.bucket', '"old"', '"new"']],
    [{}, { sessions: { cookieName: 'sid' } }, ['logout', 'sessions.cookieName', '"session"', '"sid"']],
    [{}, { sessions: { secure: 'always' } }, ['logout', 'sessions.secure', '"auto"', '"always"']],
  ])('is the setting that is another one from %j to %j', (from, to, expected) => {
    expect(obstacles(from, to)).toEqual([expected])
  })

  describe('between a shared port and a balancer', () => {
    const sharing = (input: TopologyInput, canShare = true): Plan =>
      planMembers(topologySchema.parse(input), { app: APP, cores: 4, canShare })
    const keysOf = (from: Plan, to: Plan): unknown => [
      judgeChange(from, to).obstacles.map(({ kind, key }) => `${kind} ${key}`),
      judgeChange(to, from).obstacles.map(({ kind, key }) => `${kind} ${key}`),
    ]

    test('is nothing where processes can share a port', () => {
      expect(keysOf(sharing({}), planOf({}))).toEqual([[], []])
    })

    test('is the stage where they cannot', () => {
      const keys = ['restart stage', 'restart web.servers']

      expect(keysOf(sharing({}, false), planOf({}))).toEqual([keys, keys])
    })

    test('is the encryption, which is another protocol on the same port', () => {
      const encrypted = planOf({ balancer: { tlsCertificates: ['shop.pem'] } })

      expect(keysOf(sharing({}), encrypted)).toEqual([['restart the way in'], ['restart the way in']])
    })

    test('is another address of the visitors, and not another one of the web servers', () => {
      expect(keysOf(sharing({}), planOf({ web: { port: 8000, serverPort: 9090 } }))).toEqual([
        ['restart web.port'],
        ['restart web.port'],
      ])
      expect(keysOf(sharing({}), planOf({ web: { serverPort: 9090 } }))).toEqual([[], []])
    })
  })

  test('is another name of the application, which is another database', () => {
    expect(obstacles({}, {}, { name: 'visitors' })).toEqual([
      ['restart', "the application's name", '"guestbook"', '"visitors"'],
    ])
  })

  test('is no setting that the processes of the web tier take up one after the other', () => {
    const to: TopologyInput = {
      web: { drainMs: 5_000, env: ['SMTP_URL'] },
      database: { statementTimeoutMs: 9_000 },
      sessions: { idleMs: 3_600_000 },
      files: { maxBytes: 1_000 },
      balancer: { sticky: 'cookie', rateLimitRequests: 100 },
    }

    expect(obstacles({}, to)).toEqual([])
  })
})
