import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { gzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { currentRequest } from '../../src/base/context.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import type { Handler } from '../../src/web/handler.ts'
import { until } from '../support/until.ts'
import { freePort } from '../support/free-port.ts'
import { rawConnection, serveOnFreePort, type Served } from '../support/web.ts'

const LONG_MS = 30_000
const EVENTS = { 'content-type': 'text/event-stream' }
const CLOSE_EVENT = 'event: close\ndata: {"reason":"draining"}\n\n'

/** A listener that begins an event stream and leaves the rest to the test. */
function eventListener(headers: Record<string, string> = EVENTS): {
  handler: Handler
  begun: Promise<ServerResponse>
} {
  const begun = Promise.withResolvers<ServerResponse>()
  const listener = (_incoming: unknown, response: ServerResponse): void => {
    response.writeHead(200, headers)
    response.flushHeaders()
    begun.resolve(response)
  }
  return { handler: { listener }, begun: begun.promise }
}

/** An application that goes on for ever: one event, then silence until it is told that nobody reads any more. */
const encoder = new TextEncoder()
const streaming: Record<string, (told: () => void) => Handler> = {
  'a ReadableStream': (told) => ({
    fetch: () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(encoder.encode('data: 1\n\n')),
          cancel: told,
        }),
        { headers: EVENTS },
      ),
  }),
  'streamSSE of Hono': (told) => ({
    fetch: new Hono().get('/', (c) =>
      streamSSE(c, async (stream) => {
        const gone = Promise.withResolvers<void>()
        stream.onAbort(() => {
          told()
          gone.resolve()
        })
        await stream.writeSSE({ data: '1' })
        await gone.promise
      }),
    ).fetch,
  }),
  'a Node listener': (told) => ({
    listener: (_incoming, response) => {
      response.setHeader('content-type', 'text/event-stream')
      response.write('data: 1\n\n')
      response.once('close', told)
    },
  }),
}

/** Reads the stream of `served` to its end; rejects when the answer is not whole. */
async function readToEnd({ url }: Served): Promise<string> {
  return await (await fetch(url)).text()
}

describe('an event stream, when the process drains,', () => {
  test.each(Object.keys(streaming))('of %s ends with an event that says so', async (kind) => {
    const told = Promise.withResolvers<void>()
    await using served = await serveOnFreePort(streaming[kind]!(told.resolve))
    const response = await fetch(served.url)
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    const first = await reader.read()

    const stopped = served.server.stop(LONG_MS)

    let rest = ''
    for (let next = await reader.read(); !next.done; next = await reader.read()) rest += next.value
    expect(first.value).toBe('data: 1\n\n')
    expect(rest).toBe(CLOSE_EVENT)
    await told.promise
    await stopped
  })

  test.each([
    ['data: half', '\ndata: whole\n\n'],
    ['data: a\r\n', '\r\n'],
    ['data: a\r', '\r'],
    ['data: a\n: comment\n', '\n'],
    ['', 'data: a\n\n'].toReversed() as [string, string],
  ])('is not ended inside an event: %j, then %j', async (written, rest) => {
    const { handler, begun } = eventListener()
    await using served = await serveOnFreePort(handler)
    const whole = readToEnd(served)
    const response = await begun
    response.write(written)

    const stopped = served.server.stop(LONG_MS)
    await until('the port is closed', LONG_MS, () => served.server.address === undefined || isRefused(served))
    response.write(rest)

    expect(await whole).toBe(`${written}${rest.length > 0 ? rest : ''}${CLOSE_EVENT}`)
    await stopped
  })

  test('takes a late write for nothing, and the application is told that nobody reads', async () => {
    const gone = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<ServerResponse>()
    await using served = await serveOnFreePort({
      listener: (_incoming, response) => {
        currentRequest()!.onDisconnect(gone.resolve)
        response.writeHead(200, EVENTS).write(Buffer.from('data: 1\n\n'))
        begun.resolve(response)
      },
    })
    const whole = readToEnd(served)
    const response = await begun.promise

    await served.server.stop(LONG_MS)
    const isRoom = response.write('data: late\n\n')
    response.end('data: later\n\n')

    expect(isRoom).toBe(false)
    expect(await whole).toBe(`data: 1\n\n${CLOSE_EVENT}`)
    await gone.promise
  })

  test('that is compressed is ended and not written into', async () => {
    const { handler, begun } = eventListener({ ...EVENTS, 'content-encoding': 'gzip' })
    await using served = await serveOnFreePort(handler)
    const whole = readToEnd(served)
    const response = await begun
    response.write(gzipSync('data: 1\n\n'))

    await served.server.stop(LONG_MS)

    expect(await whole).toBe('data: 1\n\n')
  })

  test('is left to an application that minds the drain itself', async () => {
    const asked = Promise.withResolvers<void>()
    await using served = await serveOnFreePort({
      listener: (_incoming, response) => {
        response.writeHead(200, EVENTS).write('data: 1\n\n')
        currentRequest()!.onDrain(() => {
          response.end('data: the last words\n\n')
          asked.resolve()
        })
      },
    })
    const whole = readToEnd(served)
    await until('the stream has begun', LONG_MS, () => isBegun(served))

    await served.server.stop(LONG_MS)

    await asked.promise
    expect(await whole).toBe('data: 1\n\ndata: the last words\n\n')
  })

  test('brings a browser back to the next process, which hears the last event it has seen', async () => {
    const port = await freePort()
    const heard: (string | string[] | undefined)[] = []
    const saying = (name: string): Handler => ({
      listener: (incoming, response) => {
        heard.push(incoming.headers['last-event-id'])
        response.writeHead(200, EVENTS).write(`retry:10\nid: ${name}\ndata: ${name}\n\n`)
      },
    })
    const script = `const source = new EventSource('http://127.0.0.1:${port}')
      source.addEventListener('close', (event) => console.log(event.data))
      source.onmessage = (event) => console.log(event.data)
      process.stdin.resume()`
    const first = await serveOnFreePort(saying('first'), { settings: { port } })
    const browser = spawn(process.execPath, ['--experimental-eventsource', '-e', script])
    let printed = ''
    browser.stdout.setEncoding('utf8').on('data', (text: string) => (printed += text))
    await until('the first process is heard', LONG_MS, () => printed.includes('first\n'))

    await first.server.stop(LONG_MS)
    await using _second = await serveOnFreePort(saying('second'), { settings: { port } })
    await until('the next process is heard', LONG_MS, () => printed.includes('second\n'))

    browser.kill()
    await once(browser, 'exit')
    expect(printed).toMatch(/^first\n\{"reason":"draining"\}\n/)
    expect(heard.at(-1)).toBe('first')
  })
})

function isRefused({ url }: Served): Promise<boolean> {
  return fetch(`${url}/-/live`).then(
    () => false,
    () => true,
  )
}

async function isBegun({ url }: Served): Promise<boolean> {
  return (await fetch(`${url}/-/live`)).ok
}

/** An application of the library that most use. Answers what it is sent. */
function chat(sockets: WebSocketServer): Handler {
  return {
    fetch: () => new Response('plain'),
    upgrade: (incoming, socket, head) =>
      sockets.handleUpgrade(incoming, socket, head, (peer) => {
        peer.on('message', (text: Buffer) => peer.send(text))
      }),
  }
}

describe('a WebSocket, when the process drains,', () => {
  test('is closed with a status and a reason, in order on both sides', async () => {
    const sockets = new WebSocketServer({ noServer: true })
    await using served = await serveOnFreePort(chat(sockets))
    const client = new WebSocket(`ws://127.0.0.1:${served.port}`)
    await once(client, 'open')
    client.send('hello')
    await once(client, 'message')
    const [peer] = sockets.clients
    const closed = Promise.all([once(client, 'close'), once(peer!, 'close')])

    await served.server.stop(LONG_MS)

    const [[status, reason], [peerStatus]] = await closed
    expect([status, String(reason)]).toEqual([1001, 'draining'])
    expect(peerStatus).toBe(1001)
  })

  test('whose client does not answer the close frame is not waited for longer than a second', async () => {
    const clock = fakeClock()
    const sockets = new WebSocketServer({ noServer: true })
    await using served = await serveOnFreePort(chat(sockets), { clock })
    using connection = await rawConnection(served.port)
    connection.send(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    await connection.until(/101 /)

    const stopped = served.server.stop(LONG_MS)
    await connection.until(/draining$/)
    await clock.advance(1_000)

    await connection.ended()
    await stopped
  })

  test('is closed by an application that minds the drain itself, in its own words', async () => {
    const sockets = new WebSocketServer({ noServer: true })
    await using served = await serveOnFreePort({
      fetch: () => new Response('plain'),
      upgrade: (incoming, socket, head) => {
        const request = currentRequest()!
        sockets.handleUpgrade(incoming, socket, head, (peer) => {
          request.onDrain(() => peer.close(4_000, 'moved'))
        })
      },
    })
    const client = new WebSocket(`ws://127.0.0.1:${served.port}`)
    await once(client, 'open')
    const closed = once(client, 'close')

    await served.server.stop(LONG_MS)

    const [status, reason] = await closed
    expect([status, String(reason)]).toEqual([4_000, 'moved'])
  })

  test('that is asked for is refused, and the client told to come again', async () => {
    const sockets = new WebSocketServer({ noServer: true })
    // On a clock that stands still no idle connection is closed.
    await using served = await serveOnFreePort(chat(sockets), { clock: fakeClock() })
    using connection = await rawConnection(served.port)
    connection.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n')
    await fetch(served.url)

    const stopped = served.server.stop(0)
    await until('the port is closed', LONG_MS, () => isRefused(served))
    connection.send('Upgrade: websocket\r\n\r\n')

    const answer = await connection.ended()
    expect(answer).toMatch(/^HTTP\/1\.1 503 [^]*retry-after: 1\r\n[^]*WEB_DRAINING/)
    await stopped
  })
})
