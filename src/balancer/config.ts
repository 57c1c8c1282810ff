// Settings of the balancer: the `balancer` block of a topology. Its timeouts towards the web servers are made from the
// web tier's settings (haproxy/configuration.ts), so that the two can never contradict each other.

import { z } from 'zod'

export interface BalancerSettings {
  readonly driver: 'haproxy' | 'embedded'
  readonly processes: number
  readonly algorithm: 'leastconn' | 'roundrobin'
  readonly sticky: false | 'cookie'
  readonly rateLimitRequests: number
  readonly rateLimitWindowMs: number
  readonly tlsCertificates: readonly string[]
  readonly tlsRedirectPort: number
  readonly trustedProxies: readonly string[]
  readonly maxConnections: number
  readonly checkEveryMs: number
  readonly queueTimeoutMs: number
  readonly keepAliveMs: number
  readonly tunnelTimeoutMs: number
}

export type BalancerSettingsInput = {
  readonly [Key in keyof BalancerSettings]?: BalancerSettings[Key] | undefined
}

const MINUTE_MS = 60_000
const ADDRESSES = /^[0-9a-fA-F.:]{2,39}(\/[0-9]{1,3})?$/

export const balancerConfig: z.ZodType<BalancerSettings, BalancerSettingsInput> = z.strictObject({
  driver: z
    .enum(['haproxy', 'embedded'])
    .default('haproxy')
    .describe('What spreads the requests: `haproxy`, or `embedded`, a port that the web servers share.'),
  processes: z
    .int()
    .min(1)
    .max(4)
    .default(2)
    .describe('Balancer processes on the same address; while one is replaced the others go on.'),
  algorithm: z
    .enum(['leastconn', 'roundrobin'])
    .default('leastconn')
    .describe('Who gets the next request: the server with the fewest in work, or each in turn.'),
  sticky: z
    .union([z.literal(false), z.literal('cookie')])
    .default(false)
    .describe('`cookie` sends a visitor to the same web server again, for an application that keeps state.'),
  rateLimitRequests: z
    .int()
    .min(0)
    .max(10_000_000)
    .default(0)
    .describe('Requests that one address may make in a window; more are answered with 429. 0: no limit.'),
  rateLimitWindowMs: z
    .int()
    .min(1_000)
    .max(60 * MINUTE_MS)
    .default(10_000)
    .describe('Length of that window.'),
  tlsCertificates: z
    .array(z.string().min(1).max(4_096))
    .max(100)
    .default([])
    .describe('PEM files, each with a certificate chain and its key; with any, visitors come by HTTPS.'),
  tlsRedirectPort: z
    .int()
    .min(0)
    .max(65_535)
    .default(0)
    .describe('Port that sends visitors on from HTTP to HTTPS. 0: none.'),
  trustedProxies: z
    .array(z.string().regex(ADDRESSES))
    .max(200)
    .default([])
    .describe('Addresses or networks of proxies in front, whose X-Forwarded-For and -Proto are believed.'),
  maxConnections: z
    .int()
    .min(100)
    .max(1_000_000)
    .default(10_000)
    .describe('Connections of visitors open at once in one balancer process; more wait to be accepted.'),
  checkEveryMs: z
    .int()
    .min(100)
    .max(MINUTE_MS)
    .default(1_000)
    .describe('How often a balancer process asks each web server whether it is ready.'),
  queueTimeoutMs: z
    .int()
    .min(100)
    .max(10 * MINUTE_MS)
    .default(10_000)
    .describe('How long a request waits for a web server before it is answered with 503.'),
  keepAliveMs: z
    .int()
    .min(1_000)
    .max(60 * MINUTE_MS)
    .default(MINUTE_MS)
    .describe('How long an idle connection of a visitor is kept.'),
  tunnelTimeoutMs: z
    .int()
    .min(1_000)
    .max(24 * 60 * MINUTE_MS)
    .default(60 * MINUTE_MS)
    .describe('Silence allowed on an upgraded connection such as a WebSocket.'),
})
