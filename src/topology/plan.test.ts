import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ENGINE_KEYS } from './engines.ts'
import { planMembers, withWebServers, type PlanInput } from './plan.ts'
import { topologySchema, type Topology, type TopologyInput } from './schema.ts'

const topologyOf = (input: TopologyInput): Topology => topologySchema.parse(input)
const INPUT: PlanInput = {
  app: { name: 'guestbook', dir: '/srv/guestbook', release: 'r1', idempotent: [] },
  cores: 4,
  canShare: true,
}

const visitors = {
  port: fc.integer({ min: 1, max: 65_535 }),
  host: fc.constantFrom('127.0.0.1', '0.0.0.0', '::', '::1'),
}
const anyTopology = fc
  .record({
    stage: fc.constantFrom('single' as const, 'balanced' as const),
    web: fc.oneof(
      fc.record({
        ...visitors,
        servers: fc.constant(1),
        processes: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constant('cores' as const)),
      }),
      fc.record({ ...visitors, servers: fc.integer({ min: 1, max: 15 }) }),
      fc.record({ ...visitors, autoscale: fc.constant({ min: 2, max: 6 }) }),
    ),
    balancer: fc.record({
      driver: fc.constantFrom('haproxy' as const, 'embedded' as const),
      processes: fc.integer({ min: 1, max: 4 }),
    }),
    database: fc.record({ poolMax: fc.integer({ min: 1, max: 200 }) }),
  })
  .map(topologyOf)
const anyInput = fc.record({
  app: fc.record({
    name: fc
      .stringMatching(/^[a-z][a-z0-9-]{0,49}$/)
      .filter((name) => !/^(postgres|template[01])$/.test(name)),
    dir: fc.constant('/srv/app'),
    release: fc.string(),
    idempotent: fc.constant([]),
  }),
  canShare: fc.boolean(),
  cores: fc.integer({ min: 1, max: 256 }),
})
const forAll = (rule: (topology: Topology, input: PlanInput) => void): void =>
  fc.assert(fc.property(anyTopology, anyInput, rule), { numRuns: 200, verbose: 1 })

describe('the plan of stage single', () => {
  test('is the database and then one web process', () => {
    const plan = planMembers(topologyOf({}), INPUT)

    expect(plan.stage).toBe('single')
    expect(plan.endpoints).toEqual({ web: 'http://127.0.0.1:3000' })
    expect(plan.members.map(({ name, tier, engine, after }) => ({ name, tier, engine, after }))).toEqual([
      { name: 'database', tier: 'database', engine: 'postgres-embedded', after: [] },
      { name: 'web-1', tier: 'web', engine: 'web', after: ['database'] },
    ])
  })

  test('has one web process per core when it is asked for "cores"', () => {
    const plan = planMembers(topologyOf({ web: { processes: 'cores' } }), INPUT)

    expect(plan.members.map(({ name }) => name)).toEqual(['database', 'web-1', 'web-2', 'web-3', 'web-4'])
  })

  test('gives a web process the settings of every tier that it opens', () => {
    const topology = topologyOf({ database: { poolMax: 3 }, files: { maxBytes: 99 } })

    const web = planMembers(topology, INPUT).members.at(-1)

    expect(web?.settings).toMatchObject({
      databaseName: 'guestbook',
      web: { port: 3000 },
      database: { poolMax: 3 },
      sessions: topology.sessions,
      files: { maxBytes: 99 },
    })
  })

  test('gives the database server a connection for every pool', () => {
    const topology = topologyOf({ web: { processes: 20 }, database: { poolMax: 30 } })

    const [database] = planMembers(topology, INPUT).members

    expect(database?.settings['maxConnections']).toBeGreaterThanOrEqual(20 * 30)
  })
})

describe('the plan of stage balanced', () => {
  const balanced = (web: TopologyInput['web'] = {}, rest: TopologyInput = {}): Topology =>
    topologyOf({ ...rest, stage: 'balanced', web: { servers: 3, port: 3000, ...web } })
  const named = (plan: ReturnType<typeof planMembers>, tier: string) =>
    plan.members.filter((member) => member.tier === tier)

  test('is the database, two balancer processes and the web servers behind them', () => {
    const plan = planMembers(balanced(), INPUT)

    expect(
      plan.members.map(({ name, engine, after, frontedBy = [] }) => [name, engine, after, frontedBy]),
    ).toEqual([
      ['database', 'postgres-embedded', [], []],
      ['balancer-1', 'haproxy', [], []],
      ['balancer-2', 'haproxy', [], []],
      ['web-1', 'web', ['database'], ['balancer-1', 'balancer-2']],
      ['web-2', 'web', ['database'], ['balancer-1', 'balancer-2']],
      ['web-3', 'web', ['database'], ['balancer-1', 'balancer-2']],
    ])
    expect(plan.routes).toEqual([{ tier: 'web', router: 'haproxy', through: ['balancer-1', 'balancer-2'] }])
  })

  test('lets visitors in at the balancer, and gives each web server an address of its own', () => {
    const plan = planMembers(balanced(), INPUT)

    expect(plan.endpoints.web).toBe('http://127.0.0.1:3000')
    expect(named(plan, 'balancer').map(({ listens }) => listens)).toEqual([
      { host: '127.0.0.1', port: 3000 },
      { host: '127.0.0.1', port: 3000 },
    ])
    // 3000 is 11 × 256 + 184.
    expect(named(plan, 'web').map(({ address }) => address)).toEqual([
      'http://127.11.184.1:8080',
      'http://127.11.184.2:8080',
      'http://127.11.184.3:8080',
    ])
  })

  test('has web servers that believe the balancer and are one process each', () => {
    const settings = named(planMembers(balanced(), INPUT), 'web').map((member) => member.settings['web'])

    expect(settings).toEqual(
      [1, 2, 3].map((number) =>
        expect.objectContaining({ host: `127.11.184.${number}`, port: 8080, processes: 1, trustProxy: true }),
      ),
    )
  })

  test('has a place in the balancer for every web server that there may be', () => {
    const [balancer] = named(planMembers(balanced({ maxServers: 5 }), INPUT), 'balancer')

    expect(balancer!.settings['slots']).toEqual(
      [1, 2, 3, 4, 5].map((number) => ({ name: `web-${number}`, host: `127.11.184.${number}`, port: 8080 })),
    )
  })

  test('tells the balancer the routes that may be repeated', () => {
    const app = { ...INPUT.app, idempotent: ['PUT /carts/*'] }

    const [balancer] = named(planMembers(balanced(), { ...INPUT, app }), 'balancer')

    expect(balancer!.settings['idempotent']).toEqual(['PUT /carts/*'])
  })

  test('is visited by HTTPS when the balancer has certificates', () => {
    const plan = planMembers(balanced({}, { balancer: { tlsCertificates: ['site.pem'] } }), INPUT)

    expect(plan.endpoints.web).toBe('https://127.0.0.1:3000')
  })

  test('with one web server has the balancer too', () => {
    const plan = planMembers(balanced({ servers: 1 }), INPUT)

    expect(plan.members.map(({ name }) => name)).toEqual(['database', 'balancer-1', 'balancer-2', 'web-1'])
  })

  test('is what several web servers mean, whatever the stage is called', () => {
    const plan = planMembers(topologyOf({ web: { servers: 2 } }), INPUT)

    expect(named(plan, 'balancer')).toHaveLength(2)
  })

  test('with the embedded balancer is web servers on one shared port', () => {
    const plan = planMembers(balanced({}, { balancer: { driver: 'embedded' } }), INPUT)

    expect(plan.members.map(({ name, listens, frontedBy }) => [name, listens, frontedBy]).slice(1)).toEqual(
      ['web-1', 'web-2', 'web-3'].map((name) => [name, { host: '127.0.0.1', port: 3000 }, []]),
    )
    expect(plan.routes).toEqual([{ tier: 'web', router: 'shared-port', through: [] }])
    expect(plan.endpoints.web).toBe('http://127.0.0.1:3000')
  })

  test.each([
    [{ servers: 3, autoscale: { min: 2, max: 6 } }, 3],
    [{ servers: 1, autoscale: { min: 2, max: 6 } }, 2],
    [{ servers: 9, autoscale: { min: 2, max: 6 } }, 6],
  ])('begins within the bounds of autoscaling: %j', (web, count) => {
    expect(named(planMembers(balanced(web), INPUT), 'web')).toHaveLength(count)
  })
})

describe('another number of web servers', () => {
  test.each([
    ['behind a balancer', { stage: 'balanced', web: { servers: 3 } }],
    ['on a shared port', { web: { processes: 3 } }],
  ] as const)('%s adds or takes away members and changes none', (_, input) => {
    const three = planMembers(topologyOf(input), INPUT)

    const five = withWebServers(three.source, 5)
    const two = withWebServers(three.source, 2)

    expect(five.members.slice(0, three.members.length)).toEqual(three.members)
    expect(five.members.map(({ name }) => name).slice(-2)).toEqual(['web-4', 'web-5'])
    expect(three.members.slice(0, two.members.length)).toEqual(two.members)
  })

  test('is remembered by the plan', () => {
    const plan = planMembers(topologyOf({ stage: 'balanced', web: { servers: 3 } }), INPUT)

    const scaled = withWebServers(withWebServers(plan.source, 5).source, 4)

    expect(scaled.source.webServers).toBe(4)
    expect(scaled.members.filter(({ tier }) => tier === 'web')).toHaveLength(4)
  })
})

describe('every plan', () => {
  test('gives each member a name of its own', () => {
    forAll((topology, input) => {
      const names = planMembers(topology, input).members.map(({ name }) => name)
      expect(new Set(names).size).toBe(names.length)
    })
  })

  test('stands in the order of starting: a member only waits for ones before it', () => {
    forAll((topology, input) => {
      const { members } = planMembers(topology, input)
      for (const [index, { after }] of members.entries()) {
        const before = members.slice(0, index).map(({ name }) => name)
        expect(before).toEqual(expect.arrayContaining([...after]))
      }
    })
  })

  test('is the same for the same topology, and plain JSON', () => {
    forAll((topology, input) => {
      const plan = planMembers(topology, input)
      expect(planMembers(structuredClone(topology), input)).toEqual(plan)
      expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
    })
  })

  test('names engines that exist', () => {
    forAll((topology, input) => {
      const engines = planMembers(topology, input).members.map(({ engine }) => engine)
      expect(ENGINE_KEYS).toEqual(expect.arrayContaining(engines))
    })
  })

  test('has an address that a visitor on this machine can open', () => {
    forAll((topology, input) => {
      const { hostname, port } = new URL(planMembers(topology, input).endpoints.web)
      expect(['127.0.0.1', '[::1]']).toContain(hostname)
      // A URL leaves out the port that its scheme has anyway.
      expect(Number(port || 80)).toBe(topology.web.port)
    })
  })
})
