import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { currentRequest } from '../../src/base/context.ts'
import type { Handler } from '../../src/web/handler.ts'
import { until } from '../support/until.ts'
import { startHaproxy } from '../support/web-haproxy.ts'
import { memberContext, startMember, webSpecs } from '../support/web-member.ts'
import { freePort } from '../support/free-port.ts'
import { serveOnFreePort } from '../support/web.ts'

const dir = mkdtempSync(join(tmpdir(), 'pando-front-'))
afterAll(() => rmSync(dir, { recursive: true }))

const WAIT_MS = 10_000

/** Answers what the request context says of the visitor. */
const mirror: Handler = {
  fetch: () => {
    const { address, secure, requestId } = currentRequest()!
    return Response.json({ address, secure, requestId })
  },
}

interface Seen {
  readonly address: string
  readonly secure: boolean
  readonly requestId: string
}

describe('the address of a visitor', () => {
  const seenWith = async (trustProxy: boolean, forwarded?: string): Promise<Seen> => {
    await using served = await serveOnFreePort(mirror, { settings: { trustProxy } })
    const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    return (await (await fetch(served.url, { headers })).json()) as Seen
  }

  test('is that of the connection, whatever the visitor says', async () => {
    expect((await seenWith(false, '203.0.113.7')).address).toBe('127.0.0.1')
  })

  test.each([
    ['203.0.113.7', '203.0.113.7'],
    ['198.51.100.1, 203.0.113.7', '203.0.113.7'],
    ['2001:db8::7', '2001:db8::7'],
    ['unknown', '127.0.0.1'],
    ['', '127.0.0.1'],
    ['192.0.2.1:4711', '192.0.2.1'],
    ['[2001:db8::2]:4711', '2001:db8::2'],
    ['[2001:db8::3]', '2001:db8::3'],
    ['::ffff:192.0.2.2', '192.0.2.2'],
  ])('with trustProxy is the last one of X-Forwarded-For: %j', async (forwarded, address) => {
    expect((await seenWith(true, forwarded)).address).toBe(address)
  })

  test('with trustProxy is that of the connection when nobody forwards', async () => {
    expect((await seenWith(true)).address).toBe('127.0.0.1')
  })

  test('of a WebSocket is known too', async () => {
    const seen = Promise.withResolvers<string | undefined>()
    await using served = await serveOnFreePort(
      {
        ...mirror,
        upgrade: (_incoming, socket) => {
          seen.resolve(currentRequest()!.address)
          socket.end()
        },
      },
      { settings: { trustProxy: true } },
    )

    const headers = { connection: 'Upgrade', upgrade: 'websocket', 'x-forwarded-for': '203.0.113.7' }
    request(served.url, { headers })
      .on('error', () => {})
      .end()

    expect(await seen.promise).toBe('203.0.113.7')
  })

  test('at a socket for both kinds is an IPv4 address as people write it', async () => {
    await using served = await serveOnFreePort(mirror, { settings: { host: '::' } })

    const seen = (await (await fetch(`http://127.0.0.1:${served.port}`)).json()) as Seen

    expect(seen.address).toBe('127.0.0.1')
  })
})

/** Visitors who send one request after the other on connections they keep, every other one a POST. */
function sendRequests(
  port: number,
  visitors: number,
): { stop(): Promise<{ answered: number; failed: string[] }> } {
  const agent = new Agent({ keepAlive: true, maxSockets: visitors })
  const over = new AbortController()
  let answered = 0
  const failed: string[] = []
  const send = async (method: string): Promise<void> => {
    const sent = request({ host: '127.0.0.1', port, agent, method })
    sent.end(method === 'POST' ? 'content' : undefined)
    try {
      const [response] = (await once(sent, 'response')) as [IncomingMessage]
      await once(response.resume(), 'end')
      if (response.statusCode === 200) answered++
      else failed.push(`${method} ${response.statusCode}`)
    } catch (error) {
      failed.push(`${method} ${String(error)}`)
    }
  }
  const visit = async (): Promise<void> => {
    for (let sent = 0; !over.signal.aborted; sent++) await send(sent % 2 === 0 ? 'GET' : 'POST')
  }
  const visits = Promise.all(Array.from({ length: visitors }, visit))
  return {
    async stop() {
      over.abort()
      await visits
      agent.destroy()
      return { answered, failed }
    },
  }
}

describe.runIf(process.platform === 'linux')('behind HAProxy', () => {
  test('the visitor, the scheme and the request id are what the balancer says, and nobody forges them', async () => {
    await using served = await serveOnFreePort(mirror, { settings: { trustProxy: true } })
    const [spec] = webSpecs(dir, {}, 1)
    await using balancer = await startHaproxy(dir, [
      { ...spec!, listens: { host: '127.0.0.1', port: served.port } },
    ])

    const response = await fetch(`http://127.0.0.1:${balancer.port}`, {
      headers: { 'x-forwarded-for': '203.0.113.7', 'x-forwarded-proto': 'http', 'x-request-id': 'forged' },
    })

    const { requestId, ...seen } = (await response.json()) as Seen
    expect(seen).toEqual({ address: '127.0.0.1', secure: true })
    expect(requestId).not.toBe('forged')
    expect(response.headers.get('x-request-id')).toBe(requestId)
  })

  // Every stop is drain, no request in work, maint, SIGTERM; no request is ever tried again.
  const STOPS = 12

  test(`no request fails in ${STOPS} planned stops of a server`, { timeout: 120_000 }, async () => {
    const context = memberContext(join(dir, 'data'))
    const specs = webSpecs(dir, { port: await freePort() }, 2, ['balancer-1'])
    await using _stays = await startMember(specs[0]!, context)
    await using balancer = await startHaproxy(dir, specs)
    await balancer.set('web-2', 'maint')
    const load = sendRequests(balancer.port, 16)

    for (let stops = 0; stops < STOPS; stops++) {
      const member = await startMember(specs[1]!, context)
      await balancer.set('web-2', 'ready')
      await until('it has requests', WAIT_MS, async () => (await balancer.current('web-2')) > 0)
      await balancer.set('web-2', 'drain')
      await until('it has none', WAIT_MS, async () => (await balancer.current('web-2')) === 0)
      await balancer.set('web-2', 'maint')
      await member[Symbol.asyncDispose]()
    }

    const { answered, failed } = await load.stop()
    expect({ failed, said: balancer.complaints }).toEqual({ failed: [], said: [] })
    expect(answered).toBeGreaterThan(STOPS * 100)
  })
})
