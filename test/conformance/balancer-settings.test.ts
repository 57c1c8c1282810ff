// Sticky cookies, rate limits and TLS, each with a fleet of its own.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect as connectTls } from 'node:tls'
import { connect as connectHttp2 } from 'node:http2'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { makeCertificate } from '../support/balancer/certificate.ts'
import { startBalancerFleet } from '../support/balancer/fleet.ts'
import { ask, crowd } from '../support/balancer/visitors.ts'
import { until } from '../support/until.ts'
import { freePort } from '../support/free-port.ts'

const dir = mkdtempSync(join(tmpdir(), 'pando-balancer-'))
afterAll(() => rmSync(dir, { recursive: true }))

test('a sticky visitor keeps the server through reloads and its drain, and gets another when it is out', async () => {
  await using fleet = await startBalancerFleet({ balancer: { sticky: 'cookie' } })
  const { port } = fleet
  const first = await ask({ port })
  const [setCookie] = first.headers['set-cookie']!
  const cookie = setCookie!.split(';')[0]!
  const own = first.echo.server
  const serversOf = async (headers: Record<string, string>): Promise<Set<string>> => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask({ port, headers })))
    return new Set(answers.map(({ echo }) => echo.server))
  }

  expect(setCookie).toMatch(/^pando-server=[0-9a-f]{16}; path=\/; HttpOnly; SameSite=Lax$/)
  expect(await serversOf({ cookie })).toEqual(new Set([own]))

  await fleet.reload()
  expect(await serversOf({ cookie })).toEqual(new Set([own]))

  await fleet.wish({ [own]: 'drain' })
  expect(await serversOf({ cookie })).toEqual(new Set([own]))
  expect(await serversOf({})).not.toContain(own)

  // It begins with what the configuration can say of a drain.
  await fleet.reload()
  expect(await serversOf({ cookie })).toEqual(new Set([own]))
  expect(await serversOf({})).not.toContain(own)

  await fleet.wish({ [own]: 'out' })
  const moved = await ask({ port, headers: { cookie } })
  expect(moved.echo.server).not.toBe(own)
  expect(moved.headers['set-cookie']![0]).not.toContain(cookie)
  // The web server sees its visitors without the balancer's cookie.
  expect(moved.echo.headers['cookie']).toBeUndefined()
})

test('more visitors than a web server takes connections wait their turn, and nobody is refused', async () => {
  await using fleet = await startBalancerFleet({ servers: 1, web: { maxConnections: 20 } })
  const { port } = fleet

  // Every one by a connection of its own and by a kept one: the balancer's kept ones count for a web server too.
  const single = Array.from({ length: 400 }, () => ask({ port, method: 'POST', body: 'a body' }))
  const seen = await crowd({ port, requests: 1_000, visitors: 40 }, () => Promise.all(single))

  expect(seen.failures).toEqual([])
  expect(new Set((await Promise.all(single)).map(({ status }) => status))).toEqual(new Set([200]))
  expect(fleet.balancers.map(({ name }) => fleet.logOf(name)).join('')).not.toContain('is DOWN')
})

test('a limit of requests holds over both balancer processes, and is told', async () => {
  await using fleet = await startBalancerFleet({
    servers: 1,
    balancer: { rateLimitRequests: 60, rateLimitWindowMs: 60_000 },
  })
  const { port } = fleet
  // After a start it takes them up to five seconds to find each other (PEER_RECONNECT_TIMEOUT in HAProxy's peers.c).
  await until('the processes know each other', 15_000, async () => {
    const said = await Promise.all(fleet.balancers.map(({ name }) => fleet.say(name, 'show peers')))
    return said.every((text) => text.includes('last_status=ESTA'))
  })

  const answers = []
  for (let request = 0; request < 90; request++) answers.push(await ask({ port }))

  const refused = answers.filter(({ status }) => status === 429)
  // What the other process counted comes some milliseconds late.
  expect(refused.length).toBeGreaterThanOrEqual(25)
  expect(refused.length).toBeLessThanOrEqual(30)
  expect(refused[0]!.headers).toMatchObject({ 'retry-after': '60', 'cache-control': 'no-store' })
  expect(JSON.parse(refused[0]!.text)).toMatchObject({ error: { code: 'BALANCER_RATE_LIMITED' } })
  expect((await fleet.route()).failed).toBe(0)
  const other = await ask({ port, localAddress: '127.0.0.9' })
  expect(other.status).toBe(200)
})

test('visitors come by TLS 1.2 or later and HTTP/2, are sent on from HTTP, and a new certificate costs no request', async () => {
  makeCertificate(join(dir, 'shop.pem'), 'old.example')
  const redirectPort = await freePort()
  await using fleet = await startBalancerFleet({
    appDir: dir,
    balancer: { tlsCertificates: ['shop.pem'], tlsRedirectPort: redirectPort },
  })
  const { port } = fleet
  const nameInCertificate = async (): Promise<string> => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(socket, 'secureConnect')
    const { subject } = socket.getPeerCertificate()
    socket.destroy()
    return String(subject.CN)
  }

  const answer = await ask({ port, tls: true })
  expect(answer.echo.headers).toMatchObject({ 'x-forwarded-proto': 'https' })
  const sentOn = await ask({ port: redirectPort, path: '/a?b=c', headers: { host: 'shop.example:80' } })
  expect(sentOn.status).toBe(308)
  expect(sentOn.headers.location).toBe(`https://shop.example:${port}/a?b=c`)
  expect(await http2Status(port)).toBe(200)
  await expect(
    once(
      connectTls({
        port,
        host: '127.0.0.1',
        rejectUnauthorized: false,
        maxVersion: 'TLSv1.1',
        minVersion: 'TLSv1',
        ciphers: 'DEFAULT:@SECLEVEL=0',
      }),
      'secureConnect',
    ),
  ).rejects.toThrow(/protocol version|version/i)

  expect(await nameInCertificate()).toBe('old.example')
  const seen = await crowd({ port, tls: true }, async () => {
    makeCertificate(join(dir, 'shop.pem'), 'new.example')
    await fleet.reload()
  })
  expect(seen.failures).toEqual([])
  expect(await nameInCertificate()).toBe('new.example')
  expect(readFileSync(join(dir, 'shop.pem'), 'utf8')).toContain('PRIVATE KEY')
})

async function http2Status(port: number): Promise<number> {
  const session = connectHttp2(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  const stream = session.request({ ':path': '/' })
  const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }]
  stream.resume()
  await once(stream, 'end')
  session.close()
  return headers[':status'] ?? 0
}
