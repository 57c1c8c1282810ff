// What a request becomes on its way through the balancer, and what the balancer answers itself. Two web servers and two
// balancer processes; on the machine of the tests, 127.0.0.2 plays the trusted proxy.

import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BalancerFleet, startBalancerFleet } from '../support/balancer/fleet.ts'
import { ask, type Question } from '../support/balancer/visitors.ts'
import { until } from '../support/until.ts'

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
let fleet: BalancerFleet

beforeAll(async () => {
  fleet = await startBalancerFleet({
    servers: 2,
    idempotent: ['POST /orders/*'],
    balancer: { trustedProxies: ['127.0.0.2'] },
    web: { bodyMaxBytes: 1_048_576, headersTimeoutMs: 1_000 },
  })
})
afterAll(() => fleet?.[Symbol.asyncDispose]())

const asked = (question: Omit<Question, 'port'> = {}): ReturnType<typeof ask> =>
  ask({ port: fleet.port, ...question })
/** From the trusted proxy's address. */
const proxied = (headers: Record<string, string>): ReturnType<typeof ask> => {
  const agent = new Agent({ localAddress: '127.0.0.2' })
  return asked({ headers, agent }).finally(() => agent.destroy())
}

const FORGED = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-host': 'bank.example',
  'x-forwarded-port': '443',
  forwarded: 'for=203.0.113.9;proto=https',
}

describe('the headers that say who the visitor is', () => {
  test('are set anew, whatever the visitor wrote in them', async () => {
    const { echo } = await asked({ headers: { ...FORGED, host: 'shop.example' } })

    expect(echo.headers).toMatchObject({
      host: 'shop.example',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
    })
    expect(Object.keys(echo.headers)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(x-forwarded-(host|port)|forwarded)$/)]),
    )
  })

  test('are believed when a trusted proxy wrote them', async () => {
    const { echo } = await proxied(FORGED)

    expect(echo.headers).toMatchObject({
      'x-forwarded-for': '203.0.113.9',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'bank.example',
      'x-forwarded-port': '443',
      forwarded: 'for=203.0.113.9;proto=https',
    })
  })

  test.each([
    ['198.51.100.1, 203.0.113.9', '198.51.100.1, 203.0.113.9'],
    ['2001:db8::7', '2001:db8::7'],
    // With the visitor's port, as some proxies write it.
    ['203.0.113.9:5123', '203.0.113.9'],
    // No address: then the proxy is all that is known.
    ['unknown', '127.0.0.2'],
    ['', '127.0.0.2'],
  ])('of a trusted proxy that says %j the last address is the visitor: %s', async (said, chain) => {
    const { echo } = await proxied({ 'x-forwarded-for': said })

    expect(echo.headers['x-forwarded-for']).toBe(chain)
  })
})

describe('the request id', () => {
  test('is new for every request, and the answer has it', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => asked()))

    const ids = answers.map(({ echo }) => echo.headers['x-request-id'])
    expect(new Set(ids).size).toBe(200)
    expect(ids.every((id) => UUID.test(id!))).toBe(true)
    expect(answers[0]!.headers['x-request-id']).toBe(ids[0])
  })

  test("is never the visitor's own, and is a trusted proxy's where that is well formed", async () => {
    const forged = await asked({ headers: { 'x-request-id': 'mine' } })
    const trusted = await proxied({ 'x-request-id': 'edge-1:42' })
    const nonsense = await proxied({ 'x-request-id': 'a b' })
    const list = await proxied({ 'x-request-id': 'edge-1:42, <b>' })

    expect(forged.echo.headers['x-request-id']).toMatch(UUID)
    expect(trusted.echo.headers['x-request-id']).toBe('edge-1:42')
    expect(nonsense.echo.headers['x-request-id']).toMatch(UUID)
    expect(list.echo.headers['x-request-id']).toMatch(UUID)
  })

  test('stays the same when a request is repeated on another server', async () => {
    const waiting = asked({ method: 'POST', path: '/orders/7?waitMs=1500', body: 'x'.repeat(12_000) })
    const came = (): (typeof fleet.came)[number][] =>
      fleet.came.filter(({ url }) => url.startsWith('/orders/7'))
    await until('it came', 5_000, () => came().length === 1)
    const [first] = came()

    await fleet.signalWeb(first!.server, 'SIGKILL')
    const { echo } = await waiting

    expect(came().map(({ id }) => id)).toEqual([first!.id, first!.id])
    expect(echo).toMatchObject({ bodyBytes: 12_000, headers: { 'x-request-id': first!.id } })
    expect(echo.server).not.toBe(first!.server)
    await fleet.startWeb(first!.server)
    await fleet.route()
  }, 12_000)
})

describe('limits', () => {
  test('a body of a declared route that is too large to be repeated is passed on all the same', async () => {
    const { echo } = await asked({ method: 'POST', path: '/orders/8', body: 'x'.repeat(900_000) })

    expect(echo.bodyBytes).toBe(900_000)
  })

  test('a body of a declared route may come slower than headers may', async () => {
    using visitor = speaker()
    using late = speaker()
    visitor.socket.write(
      'POST /orders/9 HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 10\r\n\r\nfirst',
    )
    late.socket.write('GET / HTTP/1.1\r\n')
    expect(await late.ended).toMatch(/^HTTP\/1\.1 408 /)

    visitor.socket.write('-last')

    expect(await visitor.ended).toContain('"bodyBytes":10')
  })

  test('a visitor who waits for leave to send a body is told to go on', async () => {
    using visitor = speaker()
    const head =
      'POST /orders/10 HTTP/1.1\r\nhost: a\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n'
    visitor.socket.write(head)
    await until('he is told to go on', 5_000, () => visitor.said().startsWith('HTTP/1.1 100 '))

    visitor.socket.write('body')

    expect(await visitor.ended).toContain('"bodyBytes":4')
  })

  test("a body beyond the web tier's limit is answered by the web tier", async () => {
    const { status, text } = await asked({ method: 'POST', path: '/', body: 'x'.repeat(1_100_000) })

    expect(status).toBe(413)
    expect(text).toContain('WEB_BODY_TOO_LARGE')
  })

  test("headers beyond the web tier's limit are answered by the web tier, and far beyond by the balancer", async () => {
    const beyond = await asked({ headers: { 'x-long': 'x'.repeat(17_000) } })
    const farBeyond = await asked({ headers: { 'x-long': 'x'.repeat(80_000) } }).catch(() => undefined)

    expect(beyond.status).toBe(431)
    // It may have closed before all was sent.
    expect(farBeyond?.status ?? 400).toBe(400)
  })

  test('headers that do not arrive in time are answered with 408', async () => {
    using visitor = speaker()
    visitor.socket.write('GET / HTTP/1.1\r\nhost: a\r\n')

    const said = await visitor.ended

    expect(said).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('what is no single answer', () => {
  test('an event comes at once, and the web server sees at once that the visitor has gone', async () => {
    using visitor = speaker()
    visitor.socket.write('GET /events HTTP/1.1\r\nhost: a\r\n\r\n')
    await until('the first event came', 1_000, () => visitor.said().includes('data: one'))

    visitor.socket.destroy()

    await until('the web server saw it', 2_000, () => fleet.came.some(({ url }) => url === '/events'))
  })

  test('an upgraded connection carries bytes both ways and counts as in work', async () => {
    using visitor = speaker()
    visitor.socket.write(
      'GET /chat HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await until('it is upgraded', 2_000, () => visitor.said().includes('101 '))

    visitor.socket.write('hello')
    await until('the echo came', 2_000, () => visitor.said().endsWith('hello'))

    const { upstreams } = await fleet.route()
    expect(upstreams.reduce((total, { active }) => total + active, 0)).toBe(1)
  })
})

describe('answers with 503', () => {
  test("an application's own is passed on as it is, and asked for once", async () => {
    const before = await fleet.route()
    const { status, text, headers } = await asked({ path: '/status/503' })
    const after = await fleet.route()

    expect({ status, text, retryAfter: headers['retry-after'] }).toEqual({
      status: 503,
      text: 'busy',
      retryAfter: '7',
    })
    expect(after.requests - before.requests).toBe(1)
    expect(after.failed - before.failed).toBe(0)
  })

  test("without a server in service are the balancer's, never cached, and counted as failed", async () => {
    const before = await fleet.wish({ 'web-1': 'out', 'web-2': 'out' })
    const { status, headers, text } = await asked()
    const after = await fleet.route()
    await fleet.wish({ 'web-1': 'ready', 'web-2': 'ready' })

    expect(status).toBe(503)
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'retry-after': '1',
    })
    expect(JSON.parse(text)).toEqual({
      error: {
        code: 'BALANCER_NO_SERVER',
        message: 'The service is not available for a moment. Try again shortly.',
        requestId: headers['x-request-id'],
      },
    })
    expect(after.failed - before.failed).toBe(1)
  })
})

interface Speaker extends Disposable {
  readonly socket: Socket
  said(): string
  /** All that came, when the balancer has closed the connection. */
  readonly ended: Promise<string>
}

function speaker(): Speaker {
  const socket = connect(fleet.port, '127.0.0.1')
  const { promise, resolve } = Promise.withResolvers<string>()
  let text = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => (text += chunk))
  socket.on('error', () => {})
  socket.once('close', () => resolve(text))
  return { socket, said: () => text, ended: promise, [Symbol.dispose]: () => void socket.destroy() }
}
