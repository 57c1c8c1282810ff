import { describe, expect, test } from 'vitest'
import { clientRefusal } from './refusal/client-errors.ts'
import { webConfig } from './config.ts'
import { isHealthPath } from './server/health.ts'
import { webEnvironment, webMembers, webProcess } from './members.ts'
import { refusalOnTheWire } from './refusal/refusal.ts'
import { newRequestId, requestIdFrom } from './exchange/request-id.ts'
import { refusal } from './refusal/statuses.ts'

describe('the settings of the web tier', () => {
  test('are complete without being given', () => {
    const settings = webConfig.parse({})

    expect(settings).toMatchObject({ host: '127.0.0.1', port: 3000, processes: 1, trustProxy: false })
  })

  test('keep connections longer than the longest patience of a balancer', () => {
    expect(webConfig.parse({}).keepAliveMs).toBeGreaterThan(600_000)
  })

  test.each([
    { port: 65_536 },
    { processes: 0 },
    { processes: 65 },
    { processes: 'all' },
    { drainms: 1 },
    { env: ['A B'] },
  ])('refuse %j', (input) => {
    expect(webConfig.safeParse(input).success).toBe(false)
  })

  test('have a description each', () => {
    expect(Object.entries(webConfig.shape).filter(([, schema]) => !schema.description)).toEqual([])
  })
})

describe('a request id', () => {
  test.each(['a', 'A-1_2.3:4', 'x'.repeat(64)])('is taken over when it is well formed: %s', (sent) => {
    expect(requestIdFrom(sent)).toBe(sent)
  })

  test.each(['', 'a b', 'x'.repeat(65), 'a\n', '<b>', undefined, ['a']])(
    'is made anew in place of %j',
    (sent) => {
      expect(requestIdFrom(sent)).toMatch(/^[\w.:-]{1,64}$/)
      expect(requestIdFrom(sent)).not.toBe(sent)
    },
  )

  test('is never given twice', () => {
    expect(new Set(Array.from({ length: 1_000 }, newRequestId)).size).toBe(1_000)
  })
})

describe('the health paths', () => {
  test('are exactly two, whatever their query', () => {
    const paths = [
      '/-/live',
      '/-/ready',
      '/-/ready?a',
      '/',
      '',
      '/-',
      '/-/',
      '/-/readyx',
      '/-/ready/',
      '/x/-/ready',
      '*',
    ]

    expect(paths.filter(isHealthPath)).toEqual(['/-/live', '/-/ready', '/-/ready?a'])
  })
})

describe('the web members', () => {
  const settings = webConfig.parse({})
  const release = { dir: '/srv/app', release: 'r1' }
  const input = { settings, release, count: 3, after: ['database'], canShare: true }

  test('that share a port are alike but for their names', () => {
    const members = webMembers(input)

    expect(members.map(({ name }) => name)).toEqual(['web-1', 'web-2', 'web-3'])
    expect(new Set(members.map((member) => JSON.stringify({ ...member, name: '' }))).size).toBe(1)
  })

  test('behind a balancer have a loopback address each, which another port of visitors makes another', () => {
    const fronted = (port: number): (string | undefined)[] =>
      webMembers({ ...input, settings: { ...settings, port }, frontedBy: ['balancer-1'] }).map(
        ({ listens }) => listens?.host,
      )

    expect(fronted(3000)).toEqual(['127.11.184.1', '127.11.184.2', '127.11.184.3'])
    expect(fronted(3001)).toEqual(['127.11.185.1', '127.11.185.2', '127.11.185.3'])
  })

  test.each([{ frontedBy: [] }, { frontedBy: ['balancer-1'] }])(
    'stay the same when there are more of them, fronted by $frontedBy',
    ({ frontedBy }) => {
      const few = webMembers({ ...input, frontedBy, count: 2 })

      expect(webMembers({ ...input, frontedBy, count: 5 }).slice(0, 2)).toEqual(few)
    },
  )

  test('carry what the application needs', () => {
    const [member] = webMembers({ ...input, app: { files: { driver: 'fs' } } })

    expect(member).toMatchObject({
      tier: 'web',
      engine: 'web',
      after: ['database'],
      address: 'http://127.0.0.1:3000',
      settings: { files: { driver: 'fs' }, release, web: { port: 3000 } },
    })
  })

  test('cannot be several on port 0', () => {
    const free = webConfig.parse({ port: 0 })

    expect(() => webMembers({ ...input, settings: free })).toThrow(/cannot share one port/)
  })

  test('get nothing of the environment but what is listed, and an allocator that gives memory back', () => {
    const outer = { PATH: '/bin', SECRET: 's', WANTED: 'w', NODE_OPTIONS: '--inspect', MALLOC_ARENA_MAX: '8' }

    expect(webEnvironment(['WANTED', 'ABSENT'], '/run/web-1.json', outer)).toEqual({
      NODE_ENV: 'production',
      MALLOC_ARENA_MAX: '2',
      PATH: '/bin',
      WANTED: 'w',
      PANDO_MEMBER: '/run/web-1.json',
    })
  })

  test('are given their own drain and a margin before they are killed', () => {
    const [member] = webMembers({
      ...input,
      settings: webConfig.parse({ announceMs: 3_000, drainMs: 60_000 }),
    })

    expect(webProcess.stopOf!(member!).graceMs).toBeGreaterThan(63_000)
  })
})

describe('a refusal', () => {
  const refused = refusal('WEB_ANSWER_TIMEOUT', { waitedMs: 1 })

  test('on the wire is a complete response that ends its connection', () => {
    const text = refusalOnTheWire({ ...refused, retryAfterSeconds: 2 }, 'id-1', 'GET')

    const [head, body] = text.split('\r\n\r\n')
    expect(head).toMatch(/^HTTP\/1\.1 503 Service Unavailable\r\n/)
    expect(head).toMatch(/retry-after: 2\r\n[^]*x-request-id: id-1\r\nconnection: close$/)
    expect(head).toContain(`content-length: ${Buffer.byteLength(body!)}`)
    expect(JSON.parse(body!)).toMatchObject({ error: { code: 'WEB_ANSWER_TIMEOUT', requestId: 'id-1' } })
  })

  test('to HEAD has no body', () => {
    expect(refusalOnTheWire(refused, 'id-1', 'HEAD')).toMatch(/\r\n\r\n$/)
  })

  test.each([
    ['ERR_HTTP_REQUEST_TIMEOUT', 408],
    ['HPE_HEADER_OVERFLOW', 431],
    ['HPE_CHUNK_EXTENSIONS_OVERFLOW', 413],
    ['HPE_INVALID_METHOD', 400],
    [undefined, 400],
  ])('for %s of the parser has status %i', (code, status) => {
    const error = Object.assign(new Error('inside'), code === undefined ? {} : { code })

    const answer = clientRefusal(error, { settings: webConfig.parse({}) })

    expect(answer.status).toBe(status)
    expect(answer.message).not.toContain('inside')
  })
})
