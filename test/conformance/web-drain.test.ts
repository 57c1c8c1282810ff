import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { currentRequest } from '../../src/base/context.ts'
import type { Handler } from '../../src/web/handler.ts'
import type { RequestObserved } from '../../src/web/exchange/requests-channel.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { until } from '../support/until.ts'
import { freePort } from '../support/free-port.ts'
import { rawConnection, sayAndListen, serveOnFreePort } from '../support/web.ts'

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const LONG_MS = 30_000

/** An application whose answer to `/` waits until it is released, or goes away. */
function waiting(): { handler: Handler; arrived: Promise<void>; release(): void; gone: Promise<void> } {
  const arrived = Promise.withResolvers<void>()
  const released = Promise.withResolvers<void>()
  const gone = Promise.withResolvers<void>()
  return {
    arrived: arrived.promise,
    gone: gone.promise,
    release: released.resolve,
    handler: {
      async fetch(request) {
        if (new URL(request.url).pathname !== '/') return new Response('quick')
        currentRequest()!.onDisconnect(gone.resolve)
        arrived.resolve()
        await released.promise
        return new Response('finished')
      },
    },
  }
}

describe('a server that is stopped', () => {
  test('lets a request in work finish, with connection: close', async () => {
    const app = waiting()
    await using served = await serveOnFreePort(app.handler)
    using connection = await rawConnection(served.port)
    connection.send(GET)
    await app.arrived

    const stopped = served.server.stop(LONG_MS)
    app.release()

    const answer = await connection.ended()
    expect(answer).toMatch(/connection: close/i)
    expect(answer).toContain('finished')
    await stopped
    expect(served.server.health.state).toBe('stopped')
    expect(served.server.address).toBeUndefined()
  })

  // Ports are shared on Linux only.
  test.each<1 | 'cores'>(process.platform === 'linux' ? [1, 'cores'] : [1])(
    'serves those whose connections waited for it, with processes: %s',
    async (processes) => {
      const port = await freePort()
      await using served = await serveOnFreePort(
        { fetch: () => new Response('quick') },
        { settings: { port, processes } },
      )
      // The kernel connects them now; the server sees them after this turn of the event loop.
      const waiting = Array.from({ length: 100 }, () => connect(port, '127.0.0.1').setEncoding('latin1'))
      for (const socket of waiting) socket.write(GET)

      await Promise.all([served.server.stop(LONG_MS), ...waiting.map((socket) => once(socket, 'readable'))])

      const answers = waiting.map((socket) => String(socket.read()))
      expect(answers.filter((answer) => answer.endsWith('quick'))).toHaveLength(100)
    },
  )

  test('closes idle connections without waiting for their clients', async () => {
    await using served = await serveOnFreePort({ fetch: () => new Response('quick') })
    using idle = await rawConnection(served.port)
    idle.send(GET)
    await idle.until(/quick/)
    using unused = await rawConnection(served.port)

    await served.server.stop(LONG_MS)

    expect(await idle.ended()).toMatch(/keep-alive/i)
    expect(await unused.ended()).toBe('')
  })

  test('cuts what is left at the deadline, and the application is told', async () => {
    const app = waiting()
    await using served = await serveOnFreePort(app.handler)
    using connection = await rawConnection(served.port)
    connection.send(GET)
    await app.arrived

    await served.server.stop(50)

    expect(await connection.ended()).toBe('')
    await app.gone
  })

  test('cuts an endless stream at the deadline', async () => {
    await using served = await serveOnFreePort({
      listener: (_incoming, response) => void response.write('data: first\n\n'),
    })
    using connection = await rawConnection(served.port)
    connection.send(GET)
    await connection.until(/first/)

    await served.server.stop(50)

    expect(await connection.ended()).toContain('first')
  })

  test('does not cut off an answer that a slow client is still receiving', async () => {
    const bytes = 20_000_000
    const sent = Promise.withResolvers<void>()
    await using served = await serveOnFreePort({
      listener: (_incoming, response) => {
        response.end(Buffer.alloc(bytes, 'x'))
        sent.resolve()
      },
    })
    using connection = await rawConnection(served.port)
    connection.socket.pause()
    connection.send(GET)
    await sent.promise

    const stopped = served.server.stop(LONG_MS)
    connection.socket.resume()

    const answer = await connection.ended()
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(bytes)
    await stopped
  })

  test('refuses new connections while it waits for old ones', async () => {
    const app = waiting()
    await using served = await serveOnFreePort(app.handler)
    using connection = await rawConnection(served.port)
    connection.send(GET)
    await app.arrived

    const stopped = served.server.stop(LONG_MS)
    const attempt = (): Promise<string> =>
      fetch(`${served.url}/quick`).then(
        () => 'served',
        (error: { cause?: { code?: string } }) => String(error.cause?.code),
      )

    await until('the port is closed', LONG_MS, async () => (await attempt()) === 'ECONNREFUSED')
    app.release()
    await stopped
  })

  test('says "not ready" for announceMs first, and serves whoever still comes', async () => {
    const clock = fakeClock()
    await using served = await serveOnFreePort(
      { fetch: () => new Response('quick') },
      { clock, settings: { announceMs: 5_000 } },
    )

    const stopped = served.server.stop(LONG_MS)
    const ready = await fetch(`${served.url}/-/ready`)
    const live = await fetch(`${served.url}/-/live`)
    const late = await fetch(served.url)
    await clock.advance(5_000)

    expect([ready.status, live.status, late.status]).toEqual([503, 200, 200])
    expect(await ready.json()).toMatchObject({ ready: false, reason: 'draining' })
    expect(late.headers.get('connection')).toBe('close')
    await stopped
    await expect(fetch(served.url)).rejects.toThrow()
    expect(clock.pending).toBe(0)
  })

  test('may be stopped twice, at once and again, and started once more', async () => {
    await using served = await serveOnFreePort({ fetch: () => new Response('quick') })

    await Promise.all([served.server.stop(LONG_MS), served.server.stop(LONG_MS)])
    await served.server.stop(LONG_MS)
    await served.server.start()

    const { port } = served.server.address!
    expect((await fetch(`http://127.0.0.1:${port}/-/ready`)).status).toBe(200)
  })
})

describe('an upgraded connection', () => {
  const upgrading = (sockets: Duplex[]): Handler => ({
    fetch: () => new Response('plain'),
    upgrade: (incoming, socket) => {
      sockets.push(socket)
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
      socket.write(`for ${currentRequest()!.header('cookie')} ${incoming.url}`)
    },
  })
  const UPGRADE =
    'GET /chat HTTP/1.1\r\nHost: a\r\nCookie: c=1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

  test('is handed to the application inside its request context', async () => {
    await using served = await serveOnFreePort(upgrading([]))
    using connection = await rawConnection(served.port)

    connection.send(UPGRADE)

    expect(await connection.until(/\/chat/)).toContain('for c=1 /chat')
  })

  test('outlives answerTimeoutMs', async () => {
    const sockets: Duplex[] = []
    await using served = await serveOnFreePort(upgrading(sockets), {
      settings: { answerTimeoutMs: 100, headersTimeoutMs: 300 },
    })
    using connection = await rawConnection(served.port)
    connection.send(UPGRADE)
    await connection.until(/\/chat/)

    // Another connection that is cut off for its silence shows that the time has passed.
    await sayAndListen(served.port, 'GET / HTTP/1.1\r\n')
    sockets[0]!.write('still here')

    expect(await connection.until(/still here/)).toContain('101')
  })

  test('is told "going away" when the process drains, and cut at the deadline', async () => {
    const sockets: Duplex[] = []
    await using served = await serveOnFreePort(upgrading(sockets))
    using connection = await rawConnection(served.port)
    connection.send(UPGRADE)
    await connection.until(/\/chat/)

    await served.server.stop(100)

    // RFC 6455 §5.5.1: a close frame of ten bytes, status 1001 and a reason.
    expect((await connection.ended()).endsWith('\u0088\u000a\u0003\u00e9draining')).toBe(true)
    expect(sockets[0]!.destroyed).toBe(true)
  })

  test('is an ordinary request to an application that takes none', async () => {
    await using served = await serveOnFreePort({ fetch: () => new Response('plain') })
    using connection = await rawConnection(served.port)

    connection.send(UPGRADE)

    expect(await connection.until(/plain/)).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('a port', () => {
  test('that another program has is a clear error, and leaves nothing open', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo

    const attempt = serveOnFreePort({ fetch: () => new Response('') }, { settings: { port } })

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_PORT_IN_USE', permanent: true })
    other.close()
  })

  test('on an address that this machine does not have is a clear error', async () => {
    const attempt = serveOnFreePort({ fetch: () => new Response('') }, { settings: { host: '192.0.2.1' } })

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_HOST_UNAVAILABLE' })
  })

  test('of 0 cannot be shared', async () => {
    const attempt = serveOnFreePort({ fetch: () => new Response('') }, { settings: { processes: 2 } })

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_PORT_SHARING' })
  })
})

describe('the channel pando:web:request', () => {
  test('tells of every request when it is over', async () => {
    const seen = Promise.withResolvers<RequestObserved>()
    const onEnd = (message: unknown): void => seen.resolve(message as RequestObserved)
    subscribe('tracing:pando:web:request:asyncEnd', onEnd)
    await using served = await serveOnFreePort({ fetch: () => new Response('four', { status: 202 }) })

    const response = await fetch(`${served.url}/path?x=1`, { headers: { 'x-request-id': 'given' } })

    expect(await response.text()).toBe('four')
    const observed = await seen.promise
    unsubscribe('tracing:pando:web:request:asyncEnd', onEnd)
    expect(observed).toMatchObject({
      requestId: 'given',
      method: 'GET',
      url: '/path?x=1',
      status: 202,
      aborted: false,
    })
    expect(observed.durationMs).toBeGreaterThan(0)
    expect(observed.bytes).toBeGreaterThan(4)
  })
})
