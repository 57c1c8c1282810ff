import { describe, expect, test } from 'vitest'
import type { TopologyProblem } from '../base/catalogue/topology.ts'
import { isPlatformError, type PlatformError } from '../base/errors.ts'
import { unknownVariables } from './environment.ts'
import { givenByEnvironment, givenByFile, givenByFlags, type FlagValue } from './gather.ts'
import { describeSource } from './source.ts'
import { validate, type ValidTopology } from './validate.ts'

interface Sources {
  readonly file?: Record<string, unknown>
  readonly env?: Record<string, string>
  readonly flags?: readonly FlagValue[]
}

function read({ file = {}, env = {}, flags = [] }: Sources): ValidTopology {
  const given = [...givenByFile(file, '/app/pando.topology.ts'), ...givenByEnvironment(env)]
  return validate([...given, ...givenByFlags(flags), ...unknownVariables(env)], '/app/pando.topology.ts')
}

/** The problems as `key value source problem`, after the code. */
function refusal(sources: Sources): { code: string; problems: readonly TopologyProblem[]; text: string } {
  try {
    read(sources)
  } catch (error) {
    expect(isPlatformError(error)).toBe(true)
    const { code, details, message } = error as PlatformError<'TOPOLOGY_INVALID'>
    return { code, problems: details.problems, text: message }
  }
  throw new Error('the topology was accepted')
}

describe('a topology', () => {
  test('without any value is one server with every default', () => {
    const { topology, sources } = read({})

    expect(topology.stage).toBe('single')
    expect(topology.web).toMatchObject({ host: '127.0.0.1', port: 3000, processes: 1 })
    expect(new Set([...sources.values()].map(({ kind }) => kind))).toEqual(new Set(['default']))
  })

  test('takes a value from the file before the default, the environment before the file, a flag before all', () => {
    const file = { web: { port: 1001, host: '0.0.0.0', processes: 3 } }
    const env = { PANDO_WEB_PORT: '1002', PANDO_WEB_HOST: '::1' }
    const flags = [{ flag: '--port', key: 'web.port', value: '1003' }]

    const { topology, sources } = read({ file, env, flags })

    expect(topology.web).toMatchObject({ port: 1003, host: '::1', processes: 3 })
    expect(sources.get('web.port')).toEqual({ kind: 'flag', name: '--port' })
    expect(sources.get('web.host')).toEqual({ kind: 'environment', name: 'PANDO_WEB_HOST' })
    expect(sources.get('web.processes')).toEqual({ kind: 'file', file: '/app/pando.topology.ts' })
    expect(sources.get('web.drainMs')).toEqual({ kind: 'default' })
  })

  test('takes PANDO_WEB_PORT before PORT', () => {
    const { topology } = read({ env: { PORT: '8001', PANDO_WEB_PORT: '8002' } })

    expect(topology.web.port).toBe(8002)
  })

  test('reads numbers, words, booleans and lists from the environment', () => {
    const env = {
      PANDO_WEB_PROCESSES: 'cores',
      PANDO_WEB_TRUST_PROXY: 'true',
      PANDO_WEB_ENV: 'SMTP_URL, API_KEY',
      PANDO_DATABASE_POOL_MAX: ' 7 ',
    }

    const { topology } = read({ env })

    expect(topology.web).toMatchObject({ processes: 'cores', trustProxy: true, env: ['SMTP_URL', 'API_KEY'] })
    expect(topology.database.poolMax).toBe(7)
  })

  test('takes an empty variable, an undefined property and an undefined flag as not given', () => {
    const flags = [{ flag: '--port', key: 'web.port', value: undefined }]

    const { topology } = read({ file: { web: { port: undefined } }, env: { PORT: '' }, flags })

    expect(topology.web.port).toBe(3000)
  })

  test('leaves variables alone that name no tier', () => {
    expect(() => read({ env: { PANDO_DEBUG: '1', PANDO_WEBHOOK: 'x', PATH: '/bin' } })).not.toThrow()
  })

  test('accepts the values of later settings that say what this version does', () => {
    const file = { database: { servers: 1, replicas: 0 }, files: { driver: 'fs' } }

    expect(() => read({ file })).not.toThrow()
  })
})

describe('an invalid topology', () => {
  test('is refused with every problem at once, each with its key, value, source and range', () => {
    const { code, text } = refusal({
      file: { web: { instance: 3, drainMs: -1 }, database: 'postgres' },
      env: { PORT: '80a' },
      flags: [{ flag: '--stage', key: 'stage', value: 'singel' }],
    })

    expect(code).toBe('TOPOLOGY_INVALID')
    expect(text.split('\n')).toEqual([
      '5 settings need attention (/app/pando.topology.ts).',
      '  web.instance  in pando.topology.ts               unknown setting',
      '  database      "postgres" from pando.topology.ts  expected an object of settings such as { poolMax: … }',
      '  stage         "singel" from --stage              expected "single" or "balanced"; did you mean "single"?',
      '  web.port      "80a" from PORT                    expected a whole number from 1 to 65535',
      '  web.drainMs   -1 from pando.topology.ts          expected a whole number from 0 to 3600000 milliseconds',
    ])
  })

  test.each([
    ['a misspelled setting', { web: { prot: 80 } }, 'web.port'],
    ['a misspelled tier', { databse: { poolMax: 3 } }, 'database'],
    ['a setting without its tier', { port: 80 }, 'web.port'],
    ['a setting in the wrong case', { web: { keepAliveMS: 80 } }, 'web.keepAliveMs'],
    ['a misspelled tier of a later version', { cahce: { nodes: 3 } }, 'cache'],
  ])('names the nearest known name of %s', (_, file, expected) => {
    const { problems } = refusal({ file })

    expect(problems[0]?.problem).toBe(`unknown setting; did you mean ${expected}?`)
  })

  test('names the nearest variable of a misspelled one', () => {
    const { problems } = refusal({ env: { PANDO_WEB_PROT: '80' } })

    expect(problems).toEqual([
      {
        key: 'PANDO_WEB_PROT',
        source: 'the environment',
        problem: 'unknown setting; did you mean PANDO_WEB_PORT?',
      },
    ])
  })

  test('names the stages that there are, and those that come later', () => {
    const { problems, text } = refusal({ flags: [{ flag: '--stage', key: 'stage', value: 'foo' }] })

    expect(problems[0]?.problem).toBe(
      'expected "single" or "balanced"; not yet in this version: separate, replicated, cached, edge, queued, regional',
    )
    expect(text).toContain('"foo" from --stage')
  })

  test('names the file only when something in it is wrong', () => {
    const flags = [{ flag: '--port', key: 'web.port', value: '99999' }]

    expect(refusal({ file: { web: { host: 'x' } }, flags }).text).toBe(
      '1 setting needs attention.\n  web.port  99999 from --port  expected a whole number from 1 to 65535',
    )
    expect(refusal({ file: { web: { port: 0 } } }).text).toContain('(/app/pando.topology.ts)')
  })

  test('suggests nothing where nothing is near', () => {
    const { problems } = refusal({ file: { zzzzzzzzzzzz: 1 } })

    expect(problems[0]?.problem).toBe('unknown setting')
  })

  test('shows the words of a rule between two settings', () => {
    const { problems } = refusal({ file: { sessions: { sameSite: 'none' } } })

    expect(problems[0]?.problem).toMatch(/secure: always/)
  })

  test('shows the one element of a list that is wrong', () => {
    const { problems } = refusal({ file: { web: { env: ['GOOD', 'not good'] } } })

    expect(problems[0]).toMatchObject({ key: 'web.env.1', value: '"not good"' })
  })

  test('never shows a password in a value', () => {
    const { text } = refusal({ file: { database: { poolMax: 'postgres://me:hunter2@host/db' } } })

    expect(text).toContain('postgres://me:***@host/db')
    expect(text).not.toContain('hunter2')
  })

  test('cannot set what every object has', () => {
    const file = JSON.parse(
      '{ "__proto__": { "port": 1 }, "constructor": { "x": 1 }, "web": { "toString": 1 } }',
    ) as Record<string, unknown>

    const { problems } = refusal({ file })

    expect(problems.map(({ key }) => key)).toEqual(['__proto__', 'constructor', 'web.toString'])
    expect(({} as Record<string, unknown>)['port']).toBeUndefined()
  })
})

describe('a stage', () => {
  test('gives its own value in place of a default, and is named as the source', () => {
    const { topology, sources } = read({ file: { stage: 'balanced' } })

    expect(topology.web.servers).toBe(3)
    expect(describeSource(sources.get('web.servers')!)).toBe('stage balanced')
    expect(sources.get('web.maxServers')).toEqual({ kind: 'default' })
  })

  test('of the command line gives its own values too', () => {
    const { topology } = read({ flags: [{ flag: '--stage', key: 'stage', value: 'balanced' }] })

    expect(topology.web.servers).toBe(3)
  })

  test('leaves the number of web servers to autoscaling where that says it', () => {
    const { topology } = read({ file: { stage: 'balanced', web: { autoscale: { min: 2, max: 4 } } } })

    expect(topology.web.servers).toBe(1)
  })

  test('gives way to a value of the file, the environment and the command line', () => {
    const file = { stage: 'balanced', web: { servers: 5 } }

    expect(read({ file }).topology.web.servers).toBe(5)
    expect(read({ file, env: { PANDO_WEB_SERVERS: '7' } }).topology.web.servers).toBe(7)
  })
})

describe('settings that do not go together', () => {
  test.each([
    [
      { stage: 'balanced', web: { processes: 'cores' } },
      'web.processes',
      'expected 1 beside several `web.servers`; set `web.servers` alone',
    ],
    [
      { web: { processes: 2, autoscale: { min: 1, max: 4 } } },
      'web.processes',
      'expected 1 beside `web.autoscale`, which says how many web servers there are',
    ],
    [{ web: { servers: 16 } }, 'web.servers', 'expected fewer than web.maxServers, which is 16'],
    [
      { stage: 'balanced', web: { maxServers: 3 } },
      'web.servers',
      'expected fewer than web.maxServers, which is 3',
    ],
    [
      { web: { autoscale: { min: 2, max: 16 } } },
      'web.autoscale.max',
      'expected fewer than web.maxServers, which is 16',
    ],
    [
      { web: { autoscale: { min: 5, max: 4 } } },
      'web.autoscale.min',
      'expected at most web.autoscale.max, which is 4',
    ],
    [{ web: { autoscale: { min: 5 } } }, 'web.autoscale.max', 'expected a whole number from 1 to 63'],
    [
      { balancer: { sticky: 'cookie' } },
      'balancer.sticky',
      "expected false without a balancer in front; set `stage: 'balanced'`",
    ],
    [
      { stage: 'balanced', balancer: { driver: 'embedded', tlsCertificates: ['site.pem'] } },
      'balancer.tlsCertificates',
      "expected [] with `balancer.driver: 'embedded'`, which passes connections on as they are",
    ],
    [
      { web: { servers: 2 }, balancer: { driver: 'embedded', rateLimitRequests: 100 } },
      'balancer.rateLimitRequests',
      "expected 0 with `balancer.driver: 'embedded'`, which passes connections on as they are",
    ],
    [
      { stage: 'balanced', web: { host: '0.0.0.0', port: 8080 } },
      'web.serverPort',
      'expected another port than web.port, which the balancer takes on every address of this machine',
    ],
    [
      {
        stage: 'balanced',
        web: { host: '::', port: 443 },
        balancer: { tlsCertificates: ['site.pem'], tlsRedirectPort: 8080 },
      },
      'web.serverPort',
      'expected another port than balancer.tlsRedirectPort, which the balancer takes on every address of this machine',
    ],
    [
      {
        stage: 'balanced',
        web: { port: 443 },
        balancer: { tlsCertificates: ['site.pem'], tlsRedirectPort: 443 },
      },
      'balancer.tlsRedirectPort',
      'expected another port than web.port, where visitors come by HTTPS',
    ],
  ])('are refused where they meet: %j', (file, key, problem) => {
    const { code, problems } = refusal({ file })

    expect(code).toBe('TOPOLOGY_INVALID')
    expect(problems.map((found) => [found.key, found.problem])).toEqual([[key, problem]])
  })
})

test('the web servers may have the port of a balancer that takes it on one address', () => {
  const { topology } = read({ file: { stage: 'balanced', web: { port: 8080 } } })

  expect([topology.web.port, topology.web.serverPort]).toEqual([8080, 8080])
})

describe('a topology of a later version', () => {
  test.each(['separate', 'replicated', 'cached', 'edge', 'queued', 'regional'])(
    'is answered by name for stage %s, with what works now',
    (stage) => {
      const { code, problems } = refusal({ flags: [{ flag: '--stage', key: 'stage', value: stage }] })

      expect(code).toBe('TOPOLOGY_NOT_YET')
      expect(problems[0]).toMatchObject({ key: 'stage', value: `"${stage}"`, source: '--stage' })
      expect(problems[0]?.problem).toMatch(
        /^not yet in this version; it will add .+ What works now: "single"/,
      )
    },
  )

  test.each([
    ['database.replicas', { database: { replicas: 2 } }, 'replicated'],
    ['database.synchronous', { database: { synchronous: 'quorum' } }, 'replicated'],
    ['database.primary', { database: { primary: 'postgres://db/x' } }, 'separate'],
    ['documents', { documents: {} }, 'separate'],
    ['hosts', { hosts: [{ address: '10.0.0.1' }] }, 'separate'],
    ['cache', { cache: { nodes: 3 } }, 'cached'],
    ['edge', { edge: { driver: 'varnish' } }, 'edge'],
    ['queue', { queue: { driver: 'rabbitmq' } }, 'queued'],
    ['workers', { workers: { processes: 2 } }, 'queued'],
    ['events', { events: true }, 'queued'],
    ['regions', { regions: ['eu'] }, 'regional'],
  ])('is answered by name for %s', (key, file, stage) => {
    const { code, problems } = refusal({ file })

    expect(code).toBe('TOPOLOGY_NOT_YET')
    expect(problems).toHaveLength(1)
    expect(problems[0]?.key).toBe(key)
    expect(problems[0]?.problem).toMatch(`not yet in this version; it comes with stage "${stage}". `)
  })

  test('is answered by name for a variable', () => {
    const { code, problems } = refusal({ env: { PANDO_CACHE_NODES: '3', PANDO_DATABASE_REPLICAS: '2' } })

    expect(code).toBe('TOPOLOGY_NOT_YET')
    expect(problems.map(({ key, source }) => [key, source])).toEqual([
      ['cache', 'PANDO_CACHE_NODES'],
      ['database.replicas', 'PANDO_DATABASE_REPLICAS'],
    ])
  })

  test('is reported together with what is wrong otherwise', () => {
    const { code, problems } = refusal({ file: { cache: { nodes: 3 }, web: { port: 'x' } } })

    expect(code).toBe('TOPOLOGY_INVALID')
    expect(problems.map(({ key }) => key)).toEqual(['web.port', 'cache'])
  })
})
