import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../src/testing/clock.ts'
import type { Handler } from '../../src/web/handler.ts'
import { rawConnection, type RawConnection, sayAndListen, serveOnFreePort } from '../support/web.ts'

const MIB = 1_048_576
const LONG_MS = 30_000
const LARGE_ANSWER = 'a'.repeat(3_000_000)
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Takes the first piece and fails, as a full disk does. */
const failing = (): Writable => new Writable({ write: (_piece, _encoding, done) => done(new Error('full')) })

// Every application: `/at-once` and `/later` answer without a look at the body, `/large` with a large answer,
// `/gives-up` after its first piece, `/next` says so.
const honoApp = (): Handler => ({
  fetch: new Hono()
    .post('/at-once', (c) => c.redirect('/login', 303))
    .post('/later', async (c) => {
      await tick()
      return c.text('refused', 403)
    })
    .post('/large', (c) => c.text(LARGE_ANSWER, 403))
    .post('/gives-up', async (c) => {
      await pipeline(c.req.raw.body!, failing()).catch(() => {})
      return c.text('full', 507)
    })
    .get('/next', (c) => c.text('next')).fetch,
})

const fetchApp = (): Handler => ({
  async fetch(request) {
    const { pathname } = new URL(request.url)
    if (pathname === '/at-once') return new Response(null, { status: 303, headers: { location: '/login' } })
    if (pathname === '/large') return new Response(LARGE_ANSWER, { status: 403 })
    if (pathname === '/next') return new Response('next')
    if (pathname === '/later') await tick()
    else for await (const _piece of request.body!) break
    return new Response('refused', { status: pathname === '/later' ? 403 : 507 })
  },
})

const expressApp = (): Handler => ({
  listener: express()
    .post('/at-once', (_request, response) => response.redirect(303, '/login'))
    .post('/later', async (_request, response) => {
      await tick()
      response.status(403).send('refused')
    })
    .post('/large', (_request, response) => void response.status(403).send(LARGE_ANSWER))
    .post('/gives-up', async (request, response) => {
      await pipeline(request, failing()).catch(() => {})
      response.status(507).send('full')
    })
    .get('/next', (_request, response) => void response.send('next')),
})

const listenerApp = (): Handler => ({
  async listener(incoming, response) {
    if (incoming.url === '/at-once') response.writeHead(303, { location: '/login' }).end()
    else if (incoming.url === '/large')
      response.writeHead(403, { 'content-length': LARGE_ANSWER.length }).end(LARGE_ANSWER)
    else if (incoming.url === '/next') response.end('next')
    else if (incoming.url === '/later') {
      await tick()
      response.writeHead(403).end('refused')
    } else {
      for await (const _piece of incoming) break
      response.writeHead(507).end('full')
    }
  },
})

const APPS = [
  { name: 'Hono', make: honoApp },
  { name: 'a fetch function', make: fetchApp },
  { name: 'Express', make: expressApp },
  { name: 'a Node listener', make: listenerApp },
]

const NEXT = 'GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
const head = (path: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Type: application/octet-stream\r\n${body}\r\n\r\n`
const sized = (path: string, bytes: number): string => head(path, `Content-Length: ${bytes}`)
const chunked = (path: string): string => head(path, 'Transfer-Encoding: chunked')
const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`
const LAST_CHUNK = '0\r\n\r\n'

/** Sends `text` and reads nothing before all of it is on its way, as a blocking client does. */
async function sendBlocking(connection: RawConnection, text: string): Promise<void> {
  connection.socket.pause()
  await new Promise((resolve) => connection.socket.write(text, 'latin1', resolve))
  connection.socket.resume()
}

const ANSWERS = [
  { path: '/at-once', status: 303 },
  { path: '/later', status: 403 },
]

describe.each(APPS)('$name that answers without reading the body', ({ make }) => {
  describe.each(ANSWERS)('$path', ({ path, status }) => {
    const begins = new RegExp(`^HTTP/1\\.1 ${status} `)

    test('keeps the connection of a small body for the next request, whenever that comes', async () => {
      await using served = await serveOnFreePort(make(), { settings: { headersTimeoutMs: 700 } })
      using connection = await rawConnection(served.port)

      connection.send(sized(path, 1_000) + 'x'.repeat(1_000))
      const answer = await connection.until(/\r\n\r\n/)
      // Another connection that is cut off for its silence shows that the time has passed.
      using silent = await rawConnection(served.port)
      silent.send('GET / HTTP/1.1\r\n')
      await silent.ended()
      connection.send(NEXT)

      expect(answer).toMatch(begins)
      expect(answer).not.toMatch(/connection: close/i)
      expect(await connection.ended()).toMatch(/next$/)
      expect(connection.errors).toEqual([])
    })

    test('keeps the connection of a small chunked body', async () => {
      await using served = await serveOnFreePort(make())
      using connection = await rawConnection(served.port)

      connection.send(chunked(path) + chunk(1_000) + LAST_CHUNK)
      const answer = await connection.until(/\r\n\r\n/)
      connection.send(NEXT)

      expect(answer).toMatch(begins)
      expect(await connection.ended()).toMatch(/next$/)
    })

    test('keeps the connection of a body of 1 MiB whose end comes after the answer', async () => {
      await using served = await serveOnFreePort(make())
      using connection = await rawConnection(served.port)

      connection.send(sized(path, MIB) + 'x'.repeat(1_000))
      await connection.until(begins)
      connection.send('x'.repeat(MIB - 1_000) + NEXT)

      expect(await connection.ended()).toMatch(/next$/)
    })

    test('ends the connection of a large body with connection: close, and the answer arrives', async () => {
      await using served = await serveOnFreePort(make())
      using connection = await rawConnection(served.port)

      await sendBlocking(connection, sized(path, 8 * MIB) + 'x'.repeat(8 * MIB))

      const answer = await connection.ended()
      expect(answer).toMatch(begins)
      expect(answer).toMatch(/connection: close/i)
      expect(connection.errors).toEqual([])
    })

    test('ends the connection of a large chunked body in order, and the answer arrives', async () => {
      await using served = await serveOnFreePort(make())
      using connection = await rawConnection(served.port)

      await sendBlocking(connection, chunked(path) + chunk(MIB).repeat(8) + LAST_CHUNK)

      expect(await connection.ended()).toMatch(begins)
      expect(connection.errors).toEqual([])
    })

    test('waits 500 ms for the rest of a body, then ends the connection in order', async () => {
      const clock = fakeClock()
      await using served = await serveOnFreePort(make(), { clock })
      using connection = await rawConnection(served.port)

      connection.send(sized(path, 1_000) + 'x'.repeat(10))
      await connection.until(/\r\n\r\n/)
      // Answered after everything that the first connection's answer leads to.
      await sayAndListen(served.port, NEXT)
      await clock.advance(500)

      expect(await connection.ended()).toMatch(begins)
      expect(connection.errors).toEqual([])
    })
  })

  test('answers the request behind a small body that nobody read', async () => {
    await using served = await serveOnFreePort(make())
    using connection = await rawConnection(served.port)

    connection.send(`${sized('/later', 5)}xxxxx${sized('/at-once', 5)}xxxxx${NEXT}`)

    const answers = await connection.ended()
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 403', 'HTTP/1.1 303', 'HTTP/1.1 200'])
  })

  test('delivers a large answer whole while the client is still sending', async () => {
    await using served = await serveOnFreePort(make())
    using connection = await rawConnection(served.port)

    await sendBlocking(connection, sized('/large', 8 * MIB) + 'x'.repeat(8 * MIB))

    const answer = await connection.ended()
    expect(answer.length - answer.indexOf('\r\n\r\n') - 4).toBe(LARGE_ANSWER.length)
    expect(connection.errors).toEqual([])
  })

  test('is heard also when it reads a beginning and gives up', async () => {
    await using served = await serveOnFreePort(make())
    using small = await rawConnection(served.port)
    using large = await rawConnection(served.port)

    small.send(sized('/gives-up', 100_000) + 'x'.repeat(100_000) + NEXT)
    await sendBlocking(large, sized('/gives-up', 8 * MIB) + 'x'.repeat(8 * MIB))

    expect((await small.ended()).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 507', 'HTTP/1.1 200'])
    expect(await large.ended()).toMatch(/^HTTP\/1\.1 507 /)
    expect([...small.errors, ...large.errors]).toEqual([])
  })

  test('is heard while the process drains', async () => {
    await using served = await serveOnFreePort(make())
    using connection = await rawConnection(served.port)
    connection.socket.pause()
    connection.send(sized('/later', 8 * MIB))
    await sayAndListen(served.port, NEXT)

    const stopped = served.server.stop(LONG_MS)
    await sendBlocking(connection, 'x'.repeat(8 * MIB))

    expect(await connection.ended()).toMatch(/^HTTP\/1\.1 403 /)
    await stopped
    expect(connection.errors).toEqual([])
  })

  test('serves a client that keeps its connections, upload after upload', async () => {
    await using served = await serveOnFreePort(make())
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ports = new Set<number>()
    const upload = async (bytes: number): Promise<number> => {
      const sent = httpRequest(`${served.url}/later`, { method: 'POST', agent })
      sent.end(Buffer.alloc(bytes))
      const [answer] = (await once(sent, 'response')) as [IncomingMessage]
      ports.add(answer.socket.localPort!)
      await answer.toArray()
      return answer.statusCode!
    }

    const statuses: number[] = []
    for (const bytes of [1, 50_000, 200_000, 900_000, 1, MIB]) statuses.push(await upload(bytes))

    expect(statuses).toEqual([403, 403, 403, 403, 403, 403])
    expect(ports.size).toBe(1)
    agent.destroy()
  })
})

describe('an application that reads a beginning, gives up and never answers', () => {
  const HUNG: { kind: string; handler: Handler }[] = [
    {
      kind: 'fetch',
      handler: {
        async fetch(request) {
          for await (const _piece of request.body!) break
          return new Promise<Response>(() => {})
        },
      },
    },
    {
      kind: 'listener',
      handler: {
        async listener(incoming) {
          for await (const _piece of incoming) break
        },
      },
    },
  ]
  test.each(HUNG)('is answered for all the same: $kind', async ({ handler }) => {
    await using served = await serveOnFreePort(handler, { settings: { answerTimeoutMs: 100 } })

    const whole = await sayAndListen(served.port, sized('/', 5) + 'xxxxx')
    const broken = await sayAndListen(served.port, sized('/', 1_000_000) + 'x'.repeat(200_000))

    expect(whole).toMatch(/^HTTP\/1\.1 503 /)
    expect(broken).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('a Node listener that answers before it reads', () => {
  test('may go on reading to the end', async () => {
    const read = Promise.withResolvers<number>()
    await using served = await serveOnFreePort({
      async listener(incoming, response) {
        response.end('accepted')
        let bytes = 0
        for await (const piece of incoming) bytes += (piece as Buffer).byteLength
        read.resolve(bytes)
      },
    })
    using connection = await rawConnection(served.port)

    connection.send(sized('/', 4 * MIB))
    await connection.until(/accepted/)
    connection.send('x'.repeat(4 * MIB))

    expect(await read.promise).toBe(4 * MIB)
  })
})
