import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ENGINE_KEYS } from './engines.ts'
import { planMembers, type PlanInput } from './plan.ts'
import { topologySchema, type Topology, type TopologyInput } from './schema.ts'

const topologyOf = (input: TopologyInput): Topology => topologySchema.parse(input)
const INPUT: PlanInput = {
  app: { name: 'guestbook', dir: '/srv/guestbook', release: 'r1', idempotent: [] },
  cores: 4,
  canShare: true,
}

const anyTopology = fc
  .record({
    web: fc.record({
      port: fc.integer({ min: 1, max: 65_535 }),
      processes: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constant('cores' as const)),
      host: fc.constantFrom('127.0.0.1', '0.0.0.0', '::', '::1'),
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
