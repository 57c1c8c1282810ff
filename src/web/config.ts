// Settings of the web tier: default, range, unit in the name, one line of description. The topology's schema contains
// this one, and docs/reference/config.md is made from it.

import { z } from 'zod'

/** Settings as they are after parsing: every one present. Units, ranges and meaning: `webConfig`. */
export interface WebSettings {
  readonly host: string
  readonly port: number
  readonly processes: number | 'cores'
  readonly bodyMaxBytes: number
  readonly headersMaxBytes: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly answerTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxConnections: number
  readonly announceMs: number
  readonly drainMs: number
  readonly trustProxy: boolean
  readonly env: readonly string[]
}

/** Settings as a person writes them: every one optional. */
export type WebSettingsInput = { readonly [Key in keyof WebSettings]?: WebSettings[Key] | undefined }

type SettingSchema<Value> = z.ZodDefault<z.ZodType<Value, Value>>
type WebShape = { readonly [Key in keyof WebSettings]: SettingSchema<WebSettings[Key]> }

const MIB = 1_048_576
const MINUTE_MS = 60_000

/** Settings under `web` in a topology. Every one has a default: `webConfig.parse({})` is complete. */
export const webConfig: z.ZodObject<WebShape, z.core.$strict> = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(255)
    .default('127.0.0.1')
    .describe('Address to listen on: 127.0.0.1 for this machine only, 0.0.0.0 or :: for every network.'),
  port: z.int().min(0).max(65_535).default(3000).describe('Port to listen on; 0 takes any free one.'),
  processes: z
    .union([z.int().min(1).max(64), z.literal('cores')])
    .default(1)
    .describe(
      'Processes that share the port: 1 to 64, or "cores" for one per core. More than 1 needs Linux.',
    ),
  bodyMaxBytes: z
    .int()
    .min(0)
    .max(10_240 * MIB)
    .default(10 * MIB)
    .describe('Largest request body; a larger one is answered with 413.'),
  headersMaxBytes: z
    .int()
    .min(1_024)
    .max(MIB)
    .default(16_384)
    .describe('Largest request line and headers together; larger ones are answered with 431.'),
  headersTimeoutMs: z
    .int()
    .min(100)
    .max(10 * MINUTE_MS)
    .default(20_000)
    .describe('Time for the headers of a request to arrive; slower ones are answered with 408.'),
  requestTimeoutMs: z
    .int()
    .min(100)
    .max(60 * MINUTE_MS)
    .default(2 * MINUTE_MS)
    .describe('Time for a whole request, body included, to arrive; slower ones are answered with 408.'),
  answerTimeoutMs: z
    .int()
    .min(100)
    .max(60 * MINUTE_MS)
    .default(2 * MINUTE_MS)
    .describe('Silence allowed before the application begins to answer; then the visitor gets 503.'),
  // A balancer that reuses a connection which the server is just closing fails that request, so the server's patience
  // must be the longer one. The longest known is Google Cloud's, fixed at 600 s ("backend HTTP keepalive timeout" in
  // its Application Load Balancer documentation); AWS's default is 60 s. Browsers give idle connections up themselves
  // within five minutes, so the longer value costs few sockets.
  keepAliveMs: z
    .int()
    .min(0)
    .max(60 * MINUTE_MS)
    .default(620_000)
    .describe(
      'How long an idle connection is kept. Longer than the balancer in front keeps it; 0 keeps it for ever.',
    ),
  maxConnections: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(10_000)
    .describe('Connections open at once in one process; further ones are closed as they come.'),
  announceMs: z
    .int()
    .min(0)
    .max(10 * MINUTE_MS)
    .default(0)
    .describe(
      'How long a stopping process says "not ready" before it stops to accept: two checks of your balancer.',
    ),
  drainMs: z
    .int()
    .min(0)
    .max(60 * MINUTE_MS)
    .default(10_000)
    .describe('How long a stopping process may finish requests; what is left is cut.'),
  trustProxy: z
    .boolean()
    .default(false)
    .describe(
      'Believe X-Forwarded-For and X-Forwarded-Proto. Only when every visitor comes through a proxy that sets both.',
    ),
  env: z
    .array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/))
    .max(200)
    .default([])
    .describe('Names of environment variables that the application may see; nothing else is passed on.'),
})

/** How many web servers a topology has; no part of what one process needs. */
export interface WebFleetSettings {
  readonly servers: number
  readonly maxServers: number
  readonly serverPort: number
  readonly autoscale?: AutoscaleSettings | undefined
}

export type WebFleetSettingsInput = {
  readonly [Key in keyof Omit<WebFleetSettings, 'autoscale'>]?: WebFleetSettings[Key] | undefined
} & { readonly autoscale?: AutoscaleSettingsInput | undefined }

/** When web servers are added and taken away without a person. */
export interface AutoscaleSettings {
  readonly min: number
  readonly max: number
  readonly targetUtilisation: number
  readonly maxWaitMs: number
  readonly cooldownMs: number
}

export type AutoscaleSettingsInput = Pick<AutoscaleSettings, 'min' | 'max'> & {
  readonly [Key in keyof AutoscaleSettings]?: AutoscaleSettings[Key] | undefined
}

const MAX_SERVERS = 64

export const autoscaleConfig: z.ZodType<AutoscaleSettings, AutoscaleSettingsInput> = z.strictObject({
  min: z
    .int()
    .min(1)
    .max(MAX_SERVERS - 1)
    .describe('Web servers at least.'),
  max: z
    .int()
    .min(1)
    .max(MAX_SERVERS - 1)
    .describe('Web servers at most; below `web.maxServers`.'),
  targetUtilisation: z
    .number()
    .min(0.1)
    .max(0.95)
    .default(0.6)
    .describe('Share of their time that the event loops of the web servers may be busy.'),
  maxWaitMs: z
    .int()
    .min(1)
    .max(10_000)
    .default(50)
    .describe('Mean wait of requests for a web server beyond which servers are added.'),
  cooldownMs: z
    .int()
    .min(1_000)
    .max(60 * MINUTE_MS)
    .default(2 * MINUTE_MS)
    .describe('How long after a change no server is taken away.'),
})

type FleetShape = {
  readonly servers: SettingSchema<number>
  readonly maxServers: SettingSchema<number>
  readonly serverPort: SettingSchema<number>
  readonly autoscale: z.ZodOptional<typeof autoscaleConfig>
}

/** The further settings under `web` in a topology. */
export const webFleetShape: FleetShape = {
  servers: z
    .int()
    .min(1)
    .max(MAX_SERVERS - 1)
    .default(1)
    .describe('Web servers. More than 1 come with a balancer in front. Default at stage "balanced": 3.'),
  maxServers: z
    .int()
    .min(2)
    .max(MAX_SERVERS)
    .default(16)
    .describe(
      'Web servers that there may be at once while it runs, one of them for the time of a change; connections of the database are kept for them.',
    ),
  serverPort: z
    .int()
    .min(1)
    .max(65_535)
    .default(8080)
    .describe('Port of the web servers behind the balancer, each on a loopback address of its own.'),
  autoscale: autoscaleConfig
    .optional()
    .describe('Adds and takes away web servers between `min` and `max` by their load.'),
}
