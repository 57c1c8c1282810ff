// Whole configurations, one a topology, in golden/. test/conformance/balancer-configuration.test.ts has HAProxy check
// each of them. `npx vitest run --project unit src/balancer --update` writes them anew.

import { describe, expect, test } from 'vitest'
import { balancerConfig, type BalancerSettingsInput } from '../config.ts'
import { haproxyConfiguration, type HaproxyInput } from './configuration.ts'

const slots = [1, 2, 3, 4].map((number) => ({
  name: `web-${number}`,
  host: `127.11.184.${number}`,
  port: 8080,
}))

function input(balancer: BalancerSettingsInput, change: Partial<HaproxyInput> = {}): HaproxyInput {
  return {
    name: 'balancer-1',
    settings: {
      balancer: balancerConfig.parse(balancer),
      served: {
        host: '127.0.0.1',
        port: 3000,
        headersMaxBytes: 16_384,
        headersTimeoutMs: 20_000,
        requestTimeoutMs: 120_000,
        answerTimeoutMs: 120_000,
        keepAliveMs: 620_000,
        maxConnections: 10_000,
        drainMs: 10_000,
      },
      slots,
      idempotent: [],
      appDir: '/srv/shop',
    },
    inService: {
      'web-1': { wish: 'ready', host: '127.11.184.1', port: 8080 },
      'web-2': { wish: 'drain', host: '127.11.184.2', port: 8080 },
    },
    certificates: [],
    runtimeSocket: 'balancer-1.sock',
    maxConnections: 10_000,
    stickyKey: 'a key of the tests',
    ...change,
  }
}

const plain = input({})
const TOPOLOGIES: Readonly<Record<string, HaproxyInput>> = {
  plain,
  sticky: input({ sticky: 'cookie', algorithm: 'roundrobin' }),
  tls: input(
    { tlsCertificates: ['tls/shop.pem'], tlsRedirectPort: 8081, sticky: 'cookie' },
    { certificates: ['/srv/shop/tls/shop.pem'] },
  ),
  'rate-limit': input({ rateLimitRequests: 600, rateLimitWindowMs: 60_000, processes: 3 }),
  'idempotent-routes': {
    ...plain,
    settings: {
      ...plain.settings,
      idempotent: ['PUT /api/users/*', 'POST /api/articles', 'POST /files/**', 'POST /api/articles'],
    },
  },
  'trusted-proxies': input({ trustedProxies: ['2001:db8::/32', '10.0.0.0/8'] }),
}

/** Lines with `text`, without what is before and after. */
const linesWith = (configuration: string, text: string): string[] =>
  configuration
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.includes(text))

describe('the configuration', () => {
  test.each(Object.keys(TOPOLOGIES))('of the topology "%s" is the one in golden/', async (name) => {
    await expect(haproxyConfiguration(TOPOLOGIES[name]!)).toMatchFileSnapshot(`golden/${name}.cfg`)
  })

  test('is the same text however routes, proxies and states are ordered', () => {
    const { idempotent } = TOPOLOGIES['idempotent-routes']!.settings
    const turned = {
      ...plain,
      settings: { ...plain.settings, idempotent: idempotent.toReversed() },
      inService: Object.fromEntries(Object.entries(plain.inService).toReversed()),
    }

    expect(haproxyConfiguration(turned)).toBe(haproxyConfiguration(TOPOLOGIES['idempotent-routes']!))
  })

  test('has every slot, and only what is in service enabled', () => {
    const servers = linesWith(haproxyConfiguration(plain), 'server web-')

    expect(servers).toEqual([
      'server web-1 127.11.184.1:8080 weight 1',
      'server web-2 127.11.184.2:8080 weight 0',
      'server web-3 127.11.184.3:8080 weight 1 disabled',
      'server web-4 127.11.184.4:8080 weight 1 disabled',
    ])
  })

  test('lets the web tier answer first, and gives connections to it up first', () => {
    const text = haproxyConfiguration(plain)

    expect(linesWith(text, 'timeout server ')).toEqual(['timeout server 125000ms'])
    expect(linesWith(text, 'timeout http-request')).toEqual(['timeout http-request 20000ms'])
    expect(text).toContain('pool-purge-delay 2s')
  })

  test('keeps no connection to web servers that give theirs up soon', () => {
    const served = { ...plain.settings.served, keepAliveMs: 5_000 }

    const text = haproxyConfiguration({ ...plain, settings: { ...plain.settings, served } })

    expect(text).toContain('pool-max-conn 0')
  })

  test('says nothing of a server in its cookie', () => {
    const cookies = linesWith(haproxyConfiguration(TOPOLOGIES['sticky']!), 'server web-').map(
      (line) => /cookie (\S+)/.exec(line)![1]!,
    )

    expect(new Set(cookies).size).toBe(4)
    expect(cookies.join(' ')).toMatch(/^[0-9a-f]{16}( [0-9a-f]{16}){3}$/)
  })

  test('writes a path with spaces and quotes as one word', () => {
    const certificates = ["/srv/it's/my shop.pem"]

    const text = haproxyConfiguration({ ...plain, certificates })

    expect(text).toContain(String.raw`crt '/srv/it'\''s/my shop.pem'`)
  })

  test('takes what comes by IPv4 on "::" too, by a socket of its own', () => {
    const served = { ...plain.settings.served, host: '::' }

    const text = haproxyConfiguration({ ...plain, settings: { ...plain.settings, served } })

    expect(linesWith(text, 'bind ')).toEqual(['bind 0.0.0.0:3000', 'bind :::3000 v6only'])
  })
})
