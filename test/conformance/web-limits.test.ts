import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Handler } from '../../src/web/handler.ts'
import { rawConnection, sayAndListen, serveOnFreePort } from '../support/web.ts'

const dir = mkdtempSync(join(tmpdir(), 'pando-web-'))
afterAll(() => rmSync(dir, { recursive: true }))

/** An application that reads the whole body and reports what it saw. */
interface Seen {
  requests: number
  readonly failures: unknown[]
}
const KINDS = [
  {
    kind: 'fetch',
    of: (seen: Seen): Handler => ({
      async fetch(request) {
        seen.requests++
        const text = await request.text().catch((error: unknown) => {
          seen.failures.push((error as { code?: string }).code)
          throw error
        })
        return new Response(`read ${text.length}`)
      },
    }),
  },
  {
    kind: 'listener',
    of: (seen: Seen): Handler => ({
      async listener(incoming, response) {
        seen.requests++
        let bytes = 0
        try {
          for await (const part of incoming) bytes += (part as Buffer).byteLength
        } catch (error) {
          seen.failures.push((error as { code?: string }).code)
          response.statusCode = 500
        }
        response.end(`read ${bytes}`)
      },
    }),
  },
]

const post = (headers: string, body: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n${body}`
const chunk = (bytes: number): string => `${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n`

describe.each(KINDS)('the limits around a $kind handler', ({ of }) => {
  const start = async (
    settings: object,
  ): Promise<{ seen: Seen } & Awaited<ReturnType<typeof serveOnFreePort>>> => {
    const seen: Seen = { requests: 0, failures: [] }
    return { seen, ...(await serveOnFreePort(of(seen), { settings })) }
  }

  test('a body of exactly bodyMaxBytes is read', async () => {
    await using served = await start({ bodyMaxBytes: 1_000 })

    const sized = await sayAndListen(
      served.port,
      post('Content-Length: 1000\r\nConnection: close', 'x'.repeat(1_000)),
    )
    const chunked = await sayAndListen(
      served.port,
      post('Transfer-Encoding: chunked\r\nConnection: close', `${chunk(400)}${chunk(600)}0\r\n\r\n`),
    )

    expect([sized, chunked].map((text) => text.includes('read 1000'))).toEqual([true, true])
  })

  test('a body that announces more is refused with 413 before the application runs', async () => {
    await using served = await start({ bodyMaxBytes: 1_000 })

    const answer = await sayAndListen(served.port, post('Content-Length: 1001', 'x'.repeat(1_001)))

    expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    expect(answer).toMatch(/connection: close/i)
    expect(answer).toContain('WEB_BODY_TOO_LARGE')
    expect(served.seen.requests).toBe(0)
  })

  test('a client that waits for "100 Continue" is refused without it', async () => {
    await using served = await start({ bodyMaxBytes: 1_000 })

    const refused = await sayAndListen(served.port, post('Content-Length: 1001\r\nExpect: 100-continue', ''))
    using connection = await rawConnection(served.port)
    connection.send(post('Content-Length: 3\r\nExpect: 100-continue\r\nConnection: close', ''))
    await connection.until(/100 Continue/)
    connection.send('abc')

    expect(refused).toMatch(/^HTTP\/1\.1 413 /)
    expect(await connection.ended()).toContain('read 3')
  })

  test('a chunked body is refused with 413 as soon as it is over, and its reader sees the code', async () => {
    await using served = await start({ bodyMaxBytes: 1_000 })
    using connection = await rawConnection(served.port)

    connection.send(post('Transfer-Encoding: chunked', chunk(800) + chunk(800)))

    expect(await connection.until(/WEB_BODY_TOO_LARGE/)).toMatch(/^HTTP\/1\.1 413 /)
    expect(served.seen.failures).toEqual(['WEB_BODY_TOO_LARGE'])
    expect(served.logged.map(({ level }) => level)).toEqual(['debug'])
  })

  test('a client that goes on sending reads its 413 all the same', async () => {
    await using served = await start({ bodyMaxBytes: 1_000 })

    const answer = await sayAndListen(served.port, post('Content-Length: 4000000', 'x'.repeat(4_000_000)))

    expect(answer).toContain('WEB_BODY_TOO_LARGE')
  })

  test('a request behind a refused one never reaches the application', async () => {
    await using served = await start({ bodyMaxBytes: 10 })

    await sayAndListen(
      served.port,
      post('Content-Length: 11', 'x'.repeat(11)) + post('Content-Length: 1', 'x'),
    )

    expect(served.seen.requests).toBe(0)
  })

  test('headers over headersMaxBytes are refused with 431', async () => {
    await using served = await start({ headersMaxBytes: 2_000 })

    const answer = await sayAndListen(
      served.port,
      `GET / HTTP/1.1\r\nHost: a\r\nX-Big: ${'x'.repeat(3_000)}\r\n\r\n`,
    )

    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
    expect(answer).toContain('WEB_HEADERS_TOO_LARGE')
  })

  test('headers that arrive too slowly are refused with 408', async () => {
    await using served = await start({ headersTimeoutMs: 100 })

    const answer = await sayAndListen(served.port, 'GET / HTTP/1.1\r\nHost: a\r\n')

    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(answer).toContain('WEB_REQUEST_TIMEOUT')
  })

  test('a body that arrives too slowly is refused with 408', async () => {
    await using served = await start({ headersTimeoutMs: 100, requestTimeoutMs: 100 })

    const answer = await sayAndListen(served.port, post('Content-Length: 100', 'x'))

    expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(served.seen.failures).toHaveLength(1)
  })
})

const answering: Handler = { fetch: async (request) => new Response(`read ${(await request.text()).length}`) }

describe('a request that is not valid HTTP', () => {
  const cases: Record<string, string> = {
    nonsense: 'nonsense\r\n\r\n',
    'an unknown version': 'GET / HTTP/9.9\r\nHost: a\r\n\r\n',
    'a header name with a space before its colon': 'GET / HTTP/1.1\r\nHost : a\r\n\r\n',
    'a header without a colon': 'GET / HTTP/1.1\r\nHost: a\r\nbroken\r\n\r\n',
    'a NUL in a header': 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n',
    'no Host': 'GET / HTTP/1.1\r\n\r\n',
    'two Hosts': 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'a Host that is no host': 'GET / HTTP/1.1\r\nHost: a b\r\n\r\n',
    'a length and chunks': post('Content-Length: 3\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    'chunks and a length': post('Transfer-Encoding: chunked\r\nContent-Length: 3', '0\r\n\r\n'),
    'two lengths': post('Content-Length: 3\r\nContent-Length: 4', 'abcd'),
    'a length with a sign': post('Content-Length: +3', 'abc'),
    'a negative length': post('Content-Length: -3', 'abc'),
    'a length that is no number': post('Content-Length: 3a', 'abc'),
    'an encoding after chunked': post('Transfer-Encoding: chunked, gzip', '0\r\n\r\n'),
    'two encodings': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', '0\r\n\r\n'),
    'chunked twice': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'),
    'an unknown encoding': post('Transfer-Encoding: xchunked', '0\r\n\r\n'),
    'a chunk size that is no number': post('Transfer-Encoding: chunked', 'zz\r\nabc\r\n0\r\n\r\n'),
    'a chunk longer than its size': post('Transfer-Encoding: chunked', '3\r\nabcd\r\n0\r\n\r\n'),
    'lines that end in a bare LF': 'GET / HTTP/1.1\nHost: a\n\n',
    'a header that ends in a bare LF': 'GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n',
    'a header that ends in a bare CR': 'GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n',
    'a chunk size that ends in a bare LF': post('Transfer-Encoding: chunked', '3\nabc\r\n0\r\n\r\n'),
    'a folded header': 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n',
    'a folded Transfer-Encoding': post('Transfer-Encoding:\r\n chunked', '0\r\n\r\n'),
  }
  test.each(Object.entries(cases))('with %s is refused with 400 and a closed connection', async (_, text) => {
    await using served = await serveOnFreePort(answering)

    const answer = await sayAndListen(served.port, text)

    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toMatch(/connection: close/i)
    expect(answer.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(answer).toContain('WEB_REQUEST_MALFORMED')
    const id = /x-request-id: (\S+)/.exec(answer)![1]
    expect(answer).toContain(`"requestId":"${id}"`)
    expect(served.logged).toEqual([expect.objectContaining({ level: 'debug', requestId: id, status: 400 })])
  })

  test('never brings the server down for others', async () => {
    await using served = await serveOnFreePort(answering)

    await Promise.all(Object.values(cases).map((text) => sayAndListen(served.port, text)))

    expect((await fetch(served.url)).status).toBe(200)
  })

  test('is refused the same when it asks for a tunnel', async () => {
    await using served = await serveOnFreePort(answering)

    const answer = await sayAndListen(served.port, 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n')

    expect(answer).toMatch(/^HTTP\/1\.1 405 /)
  })
})

describe('an application that never answers', () => {
  test('is answered for with 503 after answerTimeoutMs, and its work is told to end', async () => {
    const told = Promise.withResolvers<void>()
    await using served = await serveOnFreePort(
      {
        listener: (_incoming, response) => void response.once('close', told.resolve),
      },
      { settings: { answerTimeoutMs: 100 } },
    )

    const answer = await sayAndListen(served.port, 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n')

    expect(answer).toMatch(/^HTTP\/1\.1 503 /)
    expect(answer).toContain('WEB_ANSWER_TIMEOUT')
    await told.promise
    expect(served.logged).toHaveLength(1)
  })

  test('may pause for longer once it has begun', async () => {
    const release = Promise.withResolvers<void>()
    await using served = await serveOnFreePort(
      {
        async listener(_incoming, response) {
          response.write('first')
          // Another connection that is cut off for its silence shows that the time has passed.
          await release.promise
          response.end('last')
        },
      },
      { settings: { answerTimeoutMs: 100, headersTimeoutMs: 300 } },
    )
    using streaming = await rawConnection(served.port)
    streaming.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    await streaming.until(/first/)

    await sayAndListen(served.port, 'GET / HTTP/1.1\r\n')
    release.resolve()

    expect(await streaming.ended()).toContain('last')
  })
})

describe('connections', () => {
  test('an idle one is closed after keepAliveMs', async () => {
    await using served = await serveOnFreePort(answering, { settings: { keepAliveMs: 50 } })

    const answer = await sayAndListen(served.port, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')

    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })

  test('one more than maxConnections is closed as it comes', async () => {
    await using served = await serveOnFreePort(answering, { settings: { maxConnections: 1 } })
    using first = await rawConnection(served.port)
    first.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
    await first.until(/200/)

    using second = await rawConnection(served.port)

    expect(await second.ended()).toBe('')
  })
})

describe('the health paths', () => {
  test('live is 200 while the process runs; ready follows isReady and says why not', async () => {
    let readiness: boolean | string = false
    await using served = await serveOnFreePort(answering, { isReady: () => readiness })
    const ask = async (path: string): Promise<[number, unknown]> => {
      const response = await fetch(served.url + path)
      expect(response.headers.get('cache-control')).toBe('no-store')
      return [response.status, ((await response.json()) as { reason?: string }).reason]
    }

    expect(await ask('/-/live')).toEqual([200, 'starting'])
    expect(await ask('/-/ready')).toEqual([503, 'starting'])
    readiness = 'the database does not answer'
    expect(await ask('/-/ready?from=balancer')).toEqual([503, 'the database does not answer'])
    readiness = true
    expect(await ask('/-/ready')).toEqual([200, undefined])
  })

  test('HEAD is answered without a body', async () => {
    await using served = await serveOnFreePort(answering)

    const response = await fetch(`${served.url}/-/ready`, { method: 'HEAD' })

    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test('the control socket answers for this process alone, and nothing but health', async () => {
    const controlSocket = join(dir, 'control.sock')
    await using served = await serveOnFreePort(answering, { settings: { controlSocket } })
    using ready = await rawConnection(controlSocket)
    using other = await rawConnection(controlSocket)

    ready.send('GET /-/ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    other.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')

    const report = (await ready.ended()).split('\r\n\r\n')[1]!
    expect(JSON.parse(report)).toMatchObject({ ready: true, pid: process.pid, port: served.port })
    expect(await other.ended()).toMatch(/^HTTP\/1\.1 404 /)
  })
})
