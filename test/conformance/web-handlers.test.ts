import {
  createServer,
  request as httpRequest,
  Agent,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { once } from 'node:events'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { currentRequest } from '../../src/base/context.ts'
import { PlatformError } from '../../src/base/errors.ts'
import { createLogger } from '../../src/base/log.ts'
import type { Handler } from '../../src/web/handler.ts'
import { rawConnection, serveOnFreePort } from '../support/web.ts'

/** What the routes of every application below report to the test. */
interface Hooks {
  disconnected?: () => void
  readonly release: Promise<void>
}

const encoder = new TextEncoder()
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const throughAwaits = async (): Promise<string> => {
  await tick()
  await Promise.resolve()
  await once(createServer().listen(0).close(), 'close')
  return currentRequest()!.requestId
}
const addCookie = (): void => {
  currentRequest()!.appendHeader('set-cookie', 'tier=1; HttpOnly')
  currentRequest()!.appendHeader('set-cookie', 'second=2')
}
const hang = (hooks: Hooks): Promise<void> => {
  currentRequest()!.onDisconnect(() => hooks.disconnected?.())
  return hooks.release
}

function fetchApp(hooks: Hooks): Handler {
  const events = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      async start(controller) {
        controller.enqueue(encoder.encode('data: first\n\n'))
        await hooks.release
        controller.enqueue(encoder.encode('data: last\n\n'))
        controller.close()
      },
    })
  return {
    async fetch(request) {
      const { pathname } = new URL(request.url)
      if (pathname === '/hello') return new Response('hello', { headers: { 'x-app': 'yes' } })
      if (pathname === '/echo') return new Response(await request.text(), { status: 201 })
      if (pathname === '/stream') return new Response(new Blob(['a'.repeat(200_000)]).stream())
      if (pathname === '/events')
        return new Response(events(), { headers: { 'content-type': 'text/event-stream' } })
      if (pathname === '/cookie') {
        addCookie()
        return new Response('', { headers: { 'set-cookie': 'app=1' } })
      }
      if (pathname === '/context') return new Response(await throughAwaits())
      if (pathname === '/throw') throw new Error('the inside')
      if (pathname === '/hang') await hang(hooks)
      return new Response('nothing here', { status: 404 })
    },
  }
}

function listenerApp(hooks: Hooks): Handler {
  return {
    async listener(incoming: IncomingMessage, response: ServerResponse) {
      if (incoming.url === '/hello') response.writeHead(200, 'Fine', ['x-app', 'yes']).end('hello')
      else if (incoming.url === '/echo') {
        const parts: Buffer[] = []
        for await (const part of incoming) parts.push(part as Buffer)
        response.writeHead(201).end(Buffer.concat(parts))
      } else if (incoming.url === '/stream') {
        for (let at = 0; at < 20; at++) response.write('a'.repeat(10_000))
        response.end()
      } else if (incoming.url === '/events') {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n')
        await hooks.release
        response.end('data: last\n\n')
      } else if (incoming.url === '/cookie') {
        addCookie()
        response.writeHead(200, { 'Set-Cookie': ['app=1'] }).end()
      } else if (incoming.url === '/context') response.end(await throughAwaits())
      else if (incoming.url === '/throw') throw new Error('the inside')
      else {
        if (incoming.url === '/hang') await hang(hooks)
        response.writeHead(404).end('nothing here')
      }
    },
  }
}

function expressApp(hooks: Hooks): Handler {
  const app = express()
  app.disable('x-powered-by')
  app.get('/hello', (_request, response) => void response.set('x-app', 'yes').send('hello'))
  app.post('/echo', express.text({ limit: '10mb', type: () => true }), (request, response) => {
    response.status(201).send(request.body)
  })
  app.get('/stream', (_request, response) => {
    for (let at = 0; at < 20; at++) response.write('a'.repeat(10_000))
    response.end()
  })
  app.get('/events', async (_request, response) => {
    response.type('text/event-stream').write('data: first\n\n')
    await hooks.release
    response.end('data: last\n\n')
  })
  app.get('/cookie', (_request, response) => {
    addCookie()
    response.cookie('app', '1').end()
  })
  app.get('/context', async (_request, response) => void response.send(await throughAwaits()))
  app.get('/throw', () => {
    throw new Error('the inside')
  })
  app.get('/hang', async (_request, response) => {
    await hang(hooks)
    response.end()
  })
  // A web process runs with NODE_ENV=production; Express reads it when the application is made.
  app.set('env', 'production')
  return { listener: app }
}

async function fastifyApp(hooks: Hooks): Promise<Handler> {
  const app = fastify()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body))
  app.get('/hello', (_request, reply) => reply.header('x-app', 'yes').send('hello'))
  app.post('/echo', { bodyLimit: 10_000_000 }, (request, reply) => reply.code(201).send(request.body))
  app.get('/stream', (_request, reply) => reply.send(new Blob(['a'.repeat(200_000)]).stream()))
  app.get('/events', async (_request, reply) => {
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: first\n\n')
    await hooks.release
    reply.raw.end('data: last\n\n')
  })
  app.get('/cookie', (_request, reply) => {
    addCookie()
    return reply.header('set-cookie', 'app=1').send('')
  })
  app.get('/context', () => throughAwaits())
  app.get('/throw', () => {
    throw new Error('the inside')
  })
  app.get('/hang', async () => {
    await hang(hooks)
    return ''
  })
  app.setErrorHandler((_error, _request, reply) => reply.code(500).send('failed'))
  await app.ready()
  return { listener: (incoming, response) => app.routing(incoming, response) }
}

function honoApp(hooks: Hooks): Handler {
  const app = new Hono()
    .get('/hello', (c) => c.text('hello', 200, { 'x-app': 'yes' }))
    .post('/echo', async (c) => c.body(await c.req.text(), 201))
    .get('/cookie', (c) => {
      addCookie()
      c.header('set-cookie', 'app=1')
      return c.body('')
    })
    .get('/context', async (c) => c.text(await throughAwaits()))
    .get('/throw', () => {
      throw new Error('the inside')
    })
    .get('/stream', () => new Response(new Blob(['a'.repeat(200_000)]).stream()))
    .all('*', (c) => fetchOf(fetchApp(hooks))(c.req.raw))
  // Hands the error on to the web tier.
  app.onError((error) => {
    throw error
  })
  return { fetch: app.fetch }
}
const fetchOf = (handler: Handler): ((request: Request) => Response | Promise<Response>) =>
  (handler as { fetch: (request: Request) => Response | Promise<Response> }).fetch

const APPS = [
  { name: 'a fetch function', make: fetchApp },
  { name: 'a Node listener', make: listenerApp },
  { name: 'Express', make: expressApp },
  { name: 'Fastify', make: fastifyApp },
  { name: 'Hono', make: honoApp },
]

const neverReleased: Hooks = { release: new Promise(() => {}) }

describe.each(APPS)('$name on the web tier', ({ make }) => {
  test('an answer reaches the client with its status, headers and body', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))

    const response = await fetch(`${served.url}/hello`)

    expect(response.status).toBe(200)
    expect(response.headers.get('x-app')).toBe('yes')
    expect(response.headers.get('x-powered-by')).toBeNull()
    expect(await response.text()).toBe('hello')
  })

  test('HEAD has the headers of GET and no body', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))

    const response = await fetch(`${served.url}/hello`, { method: 'HEAD' })

    expect(response.headers.get('x-app')).toBe('yes')
    expect(await response.text()).toBe('')
  })

  test('a path that the application does not know is the application’s own 404', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))

    const responses = await Promise.all(
      ['/nowhere', '/-/', '/-/other', '/-/readyx'].map((path) => fetch(served.url + path)),
    )

    expect(responses.map(({ status }) => status)).toEqual([404, 404, 404, 404])
  })

  test('a body arrives whole, with a length and in chunks', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))
    const body = 'é'.repeat(300_000)
    const headers = { 'content-type': 'text/plain; charset=utf-8' }

    const sized = await fetch(`${served.url}/echo`, { method: 'POST', body, headers })
    const chunked = await fetch(`${served.url}/echo`, {
      method: 'POST',
      body: new Blob([body]).stream(),
      headers,
      duplex: 'half',
    })

    expect([sized.status, chunked.status]).toEqual([201, 201])
    expect((await sized.text()) === body).toBe(true)
    expect((await chunked.text()) === body).toBe(true)
  })

  test('a streamed answer arrives whole', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))

    const text = await (await fetch(`${served.url}/stream`)).text()

    expect(text.length).toBe(200_000)
  })

  test('an event is delivered while the answer goes on', async () => {
    const release = Promise.withResolvers<void>()
    await using served = await serveOnFreePort(await make({ release: release.promise }))
    using connection = await rawConnection(served.port)

    connection.send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n')
    await connection.until(/data: first/)
    release.resolve()

    expect(await connection.until(/data: last/)).toContain('text/event-stream')
  })

  test('cookies of the application and of the tiers all arrive', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))

    const cookies = (await fetch(`${served.url}/cookie`)).headers.getSetCookie()

    expect(cookies.map((cookie) => cookie.replace(/=.*/, '')).toSorted()).toEqual(['app', 'second', 'tier'])
  })

  test('the context is the request’s own through every await, also of requests at the same time', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))
    const ids = Array.from({ length: 20 }, (_, index) => `request-${index}`)

    const responses = await Promise.all(
      ids.map((id) => fetch(`${served.url}/context`, { headers: { 'x-request-id': id } })),
    )

    expect(await Promise.all(responses.map((response) => response.text()))).toEqual(ids)
    expect(responses.map((response) => response.headers.get('x-request-id'))).toEqual(ids)
  })

  test('the context never leaks into the next request on the same connection', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))
    using connection = await rawConnection(served.port)

    connection.send('GET /context HTTP/1.1\r\nHost: a\r\nX-Request-Id: first\r\n\r\n')
    await connection.until(/\bfirst$|first\r\n0\r\n/)
    connection.send(
      'GET /context HTTP/1.1\r\nHost: a\r\nX-Request-Id: bad id\r\n\r\nGET /cookie HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    )

    const [, second, third] = (await connection.ended()).split(/(?=HTTP\/1\.1 )/)
    expect(second).not.toMatch(/first|bad id/)
    expect(third!.match(/tier=1/g)).toHaveLength(1)
  })

  test('an error is a 500 that shows nothing of the inside', async () => {
    await using served = await serveOnFreePort(await make(neverReleased))

    const response = await fetch(`${served.url}/throw`)

    expect(response.status).toBe(500)
    expect(await response.text()).not.toMatch(/inside|\bat /)
  })

  test('a visitor who goes away is noticed once', async () => {
    const noticed = Promise.withResolvers<void>()
    let times = 0
    const hooks: Hooks = {
      release: new Promise(() => {}),
      disconnected: () => {
        times++
        noticed.resolve()
      },
    }
    await using served = await serveOnFreePort(await make(hooks))
    const connection = await rawConnection(served.port)
    connection.send('GET /hang HTTP/1.1\r\nHost: a\r\n\r\n')
    await fetch(`${served.url}/hello`)

    connection.socket.destroy()

    await noticed.promise
    await served.server.stop(0)
    expect(times).toBe(1)
  })
})

const BOTH = [
  { kind: 'fetch', of: (fail: () => unknown): Handler => ({ fetch: () => fail() as Response }) },
  { kind: 'listener', of: (fail: () => unknown): Handler => ({ listener: () => fail() }) },
]

describe.each(BOTH)('an error that a $kind handler lets through', ({ of }) => {
  test('is logged once with the request id that the client is told', async () => {
    await using served = await serveOnFreePort(
      of(() => {
        throw new Error('the inside')
      }),
    )

    const response = await fetch(`${served.url}/path?token=secret`)
    const body = (await response.json()) as { error: { code: string; requestId: string } }

    expect(body.error.code).toBe('WEB_HANDLER_FAILED')
    expect(response.headers.get('x-request-id')).toBe(body.error.requestId)
    expect(served.logged).toHaveLength(1)
    expect(served.logged[0]).toMatchObject({ level: 'error', requestId: body.error.requestId, path: '/path' })
    expect(JSON.stringify(served.logged)).not.toContain('secret')
  })

  test('is answered the same when it is a rejection', async () => {
    await using served = await serveOnFreePort(of(() => Promise.reject(new Error('the inside'))))

    expect((await fetch(served.url)).status).toBe(500)
  })

  test('that says "try later" is a 503 with Retry-After', async () => {
    await using served = await serveOnFreePort(
      of(() => {
        throw new PlatformError('BASE_OVERLOADED', { what: 'inner queue', limit: 7 })
      }),
    )

    const response = await fetch(served.url)

    expect(response.status).toBe(503)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await response.text()).not.toContain('inner queue')
  })

  test('that carries a status from 400 to 499 keeps it, and is no failure', async () => {
    await using served = await serveOnFreePort(
      of(() => {
        throw Object.assign(new Error('The date is none — “31 June”.'), { status: 422, expose: true })
      }),
    )

    const response = await fetch(served.url)

    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({
      error: { code: 'WEB_HANDLER_REFUSED', message: 'The date is none — “31 June”.' },
    })
    expect(served.logged.map(({ level, status }) => [level, status])).toEqual([['debug', 422]])
  })

  test('leaves the connection usable for the next request', async () => {
    await using served = await serveOnFreePort(
      of(() => {
        throw new Error('the inside')
      }),
    )
    using connection = await rawConnection(served.port)

    connection.send('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n')
    await connection.until(/WEB_HANDLER_FAILED/)
    connection.send('GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')

    expect((await connection.ended()).match(/WEB_HANDLER_FAILED/g)).toHaveLength(2)
  })
})

describe('a fetch handler', () => {
  const failing: Record<string, () => unknown> = {
    'whose body stream fails': () =>
      new Response(new ReadableStream({ pull: () => Promise.reject(new Error('the inside')) })),
    'that sets a header Node refuses': () =>
      new Response('x', { headers: { 'x-bad': 'the\u{1F600}inside' } }),
    'that gives no Response': () => Promise.resolve(undefined),
  }
  test.each(Object.entries(failing))('%s shows nothing of the inside', async (_, fail) => {
    await using served = await serveOnFreePort({ fetch: fail as () => Response })
    using connection = await rawConnection(served.port)

    connection.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')

    expect(await connection.ended()).not.toMatch(/inside|Error:|TypeError/)
  })

  test('is given Node’s own request and response as its second argument', async () => {
    await using served = await serveOnFreePort({
      fetch: (_request, { incoming }) => new Response(incoming.socket.remoteAddress),
    })

    expect(await (await fetch(served.url)).text()).toBe('127.0.0.1')
  })
})

describe('the request context', () => {
  test('adds headers to every way of writing the head', async () => {
    const ways: Record<string, (response: ServerResponse) => unknown> = {
      end: (response) => response.end('x'),
      setHeader: (response) => response.setHeader('x-way', 'a').end('x'),
      object: (response) => response.writeHead(200, { 'X-Way': 'a' }).end('x'),
      list: (response) =>
        response.writeHead(200, ['x-way', 'a', 'set-cookie', 'b=1', 'set-cookie', 'c=1']).end('x'),
      reason: (response) => response.writeHead(200, 'Fine', { 'x-way': 'a' }).end('x'),
      write: (response) => {
        response.write('x')
        response.end()
      },
      flush: (response) => {
        response.flushHeaders()
        response.end()
      },
      mixed: (response) => response.setHeader('set-cookie', 'd=1').writeHead(200, { 'x-way': 'a' }).end(),
    }
    await using served = await serveOnFreePort({
      listener: (incoming, response) => {
        currentRequest()!.appendHeader('set-cookie', 'tier=1')
        ways[incoming.url!.slice(1)]!(response)
      },
    })

    const cookies = await Promise.all(
      Object.keys(ways).map(async (way) =>
        (await fetch(`${served.url}/${way}`)).headers.getSetCookie().toSorted(),
      ),
    )

    const t = 'tier=1'
    expect(cookies).toEqual([[t], [t], [t], ['b=1', 'c=1', t], [t], [t], [t], ['d=1', t]])
  })

  test('refuses a header when the head is on its way, and one that would break it', async () => {
    const codes: unknown[] = []
    const attempt = (name: string, value: string): void => {
      try {
        currentRequest()!.appendHeader(name, value)
      } catch (error) {
        codes.push((error as { code: string }).code)
      }
    }
    await using served = await serveOnFreePort({
      listener: (_incoming, response) => {
        attempt('x-a', 'b\r\nset-cookie: c')
        attempt('x a', 'b')
        response.write('x')
        attempt('x-late', 'b')
        response.end()
      },
    })

    await (await fetch(served.url)).text()

    expect(codes).toEqual(['ERR_INVALID_CHAR', 'ERR_INVALID_HTTP_TOKEN', 'WEB_HEADERS_SENT'])
  })

  test('gives its id to every error answer, of the application too, and to a good answer only on request', async () => {
    await using served = await serveOnFreePort({
      listener: (incoming, response) => response.writeHead(Number(incoming.url!.slice(1))).end(),
    })
    const idOf = async (status: number, sent: Record<string, string> = {}): Promise<string | null> =>
      (await fetch(`${served.url}/${status}`, { headers: sent })).headers.get('x-request-id')

    expect(await idOf(200)).toBeNull()
    expect(await idOf(200, { 'x-request-id': 'given' })).toBe('given')
    expect(await idOf(404)).toMatch(/^[\w.:-]+$/)
    expect(await idOf(500)).toMatch(/^[\w.:-]+$/)
    expect(await idOf(500, { 'x-request-id': 'given' })).toBe('given')
  })

  test('gives its id to every line that is logged in it, and then to the answer', async () => {
    const lines: { requestId?: string; message: string }[] = []
    const log = createLogger({ write: (line) => lines.push(JSON.parse(line) as (typeof lines)[0]) })
    await using served = await serveOnFreePort({
      async fetch() {
        log.child({ part: 'app' }).info({}, 'inside')
        await tick()
        log.info({}, 'later')
        return new Response('')
      },
    })

    const response = await fetch(served.url)
    log.info({}, 'outside')

    const id = response.headers.get('x-request-id')!
    expect(id).not.toBeNull()
    expect(lines.map(({ message, requestId }) => [message, requestId])).toEqual([
      ['inside', id],
      ['later', id],
      ['outside', undefined],
    ])
  })

  test('takes the proxy’s word for encryption only when it is told to trust it', async () => {
    const secure: Handler = { fetch: () => Response.json(currentRequest()!.secure) }
    await using careful = await serveOnFreePort(secure)
    await using trusting = await serveOnFreePort(secure, { settings: { trustProxy: true } })
    const ask = async (url: string, proto: string): Promise<unknown> =>
      (await fetch(url, { headers: { 'x-forwarded-proto': proto } })).json()

    expect(await ask(careful.url, 'https')).toBe(false)
    expect(await ask(trusting.url, 'https')).toBe(true)
    expect(await ask(trusting.url, 'https, http')).toBe(false)
    expect(await ask(trusting.url, 'http')).toBe(false)
  })

  test('keeps values for the length of one request', async () => {
    const key = Symbol('kept')
    await using served = await serveOnFreePort({
      fetch: () => {
        const { kept } = currentRequest()!
        kept.set(key, ((kept.get(key) as number | undefined) ?? 0) + 1)
        return Response.json(kept.get(key))
      },
    })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = async (): Promise<string> => {
      const [response] = (await once(httpRequest(served.url, { agent }).end(), 'response')) as [
        IncomingMessage,
      ]
      return Buffer.concat(await response.toArray()).toString()
    }

    expect([await ask(), await ask()]).toEqual(['1', '1'])
    agent.destroy()
  })
})
