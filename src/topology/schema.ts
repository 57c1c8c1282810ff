// A topology: the stage and one block of settings a tier, each declared in the tier's own config.ts. What the file may
// hold, what it means and what the reference page says all come from here.

import { z } from 'zod'
import { balancerConfig, type BalancerSettings, type BalancerSettingsInput } from '../balancer/config.ts'
import { databaseConfig, type DatabaseSettings, type DatabaseSettingsInput } from '../database/config.ts'
import { filesConfig, type FilesSettings, type FilesSettingsInput } from '../files/config.ts'
import { sessionsConfig, type SessionsSettings, type SessionsSettingsInput } from '../sessions/config.ts'
import {
  webConfig,
  webFleetShape,
  type WebFleetSettings,
  type WebFleetSettingsInput,
  type WebSettings,
  type WebSettingsInput,
} from '../web/config.ts'

/** A whole topology: every setting has its value. Plain JSON. */
export interface Topology {
  /** Named preset: it gives some settings another default (stages.ts); what runs is what the blocks say. */
  readonly stage: 'single' | 'balanced'
  readonly web: WebSettings & WebFleetSettings
  readonly balancer: BalancerSettings
  readonly database: DatabaseSettings
  readonly sessions: SessionsSettings
  readonly files: FilesSettings
}

/** What `pando.topology.ts` exports: any part of a topology; the rest has its default. */
export interface TopologyInput {
  readonly stage?: 'single' | 'balanced' | undefined
  readonly web?: (WebSettingsInput & WebFleetSettingsInput) | undefined
  readonly balancer?: BalancerSettingsInput | undefined
  readonly database?: DatabaseSettingsInput | undefined
  readonly sessions?: SessionsSettingsInput | undefined
  readonly files?: FilesSettingsInput | undefined
}

// A server that is opened directly may take any free port; one that a plan is made for must say where it is.
const webBlock = webConfig
  .extend({
    port: z.int().min(1).max(65_535).default(3000).describe('Port where visitors come in.'),
    ...webFleetShape,
  })
  .superRefine((web, context) => {
    const problem = (path: string[], message: string): void =>
      context.addIssue({ code: 'custom', path, message })
    if (web.servers > 1 && web.processes !== 1)
      problem(['processes'], 'expected 1 beside several `web.servers`; set `web.servers` alone')
    if (web.autoscale !== undefined && web.processes !== 1 && web.servers === 1)
      problem(['processes'], 'expected 1 beside `web.autoscale`, which says how many web servers there are')
    if (web.servers >= web.maxServers)
      problem(['servers'], `expected fewer than web.maxServers, which is ${web.maxServers}`)
    const { min, max } = web.autoscale ?? { min: 1, max: 1 }
    if (max >= web.maxServers)
      problem(['autoscale', 'max'], `expected fewer than web.maxServers, which is ${web.maxServers}`)
    if (min > max) problem(['autoscale', 'min'], `expected at most web.autoscale.max, which is ${max}`)
  })

// What nothing but a balancer process does, with the value that asks for nothing. Left out in silence, an application
// would serve without encryption, limit or affinity that its topology promises.
const NEEDS_BALANCER = {
  sticky: false,
  rateLimitRequests: 0,
  tlsCertificates: [],
  tlsRedirectPort: 0,
} as const satisfies Partial<BalancerSettings>

export const topologySchema: z.ZodType<Topology, TopologyInput> = z
  .strictObject({
    stage: z
      .enum(['single', 'balanced'])
      .default('single')
      .describe('Named stage of growth: `single` is one web server, `balanced` several behind a balancer.'),
    web: webBlock.prefault({}),
    balancer: balancerConfig.prefault({}),
    database: databaseConfig.prefault({}),
    sessions: sessionsConfig.prefault({}),
    files: filesConfig.prefault({}),
  })
  .superRefine((topology, context) => {
    if (isFronted(topology)) {
      for (const { path, message } of portProblems(topology))
        context.addIssue({ code: 'custom', path: [...path], message })
      return
    }
    const { driver } = topology.balancer
    const because =
      driver === 'embedded'
        ? "with `balancer.driver: 'embedded'`, which passes connections on as they are"
        : "without a balancer in front; set `stage: 'balanced'`"
    for (const [name, off] of Object.entries(NEEDS_BALANCER)) {
      const value = JSON.stringify(topology.balancer[name as keyof typeof NEEDS_BALANCER])
      const message = `expected ${JSON.stringify(off)} ${because}`
      if (value !== JSON.stringify(off))
        context.addIssue({ code: 'custom', path: ['balancer', name], message })
    }
  })

/** Two listeners on one port, where neither would say so before it fails. */
function portProblems({
  web,
  balancer,
}: Pick<Topology, 'web' | 'balancer'>): { readonly path: readonly string[]; readonly message: string }[] {
  const redirectPort = balancer.tlsCertificates.length > 0 ? balancer.tlsRedirectPort : 0
  const taken = { 'web.port': web.port, 'balancer.tlsRedirectPort': redirectPort }
  // The system gives no port of one loopback address beside the same port of every address.
  const isEverywhere = web.host === '0.0.0.0' || web.host === '::'
  const clash = Object.entries(taken).find(([, port]) => isEverywhere && port === web.serverPort)
  return [
    ...(clash === undefined
      ? []
      : [
          {
            path: ['web', 'serverPort'],
            message: `expected another port than ${clash[0]}, which the balancer takes on every address of this machine`,
          },
        ]),
    ...(redirectPort === web.port
      ? [
          {
            path: ['balancer', 'tlsRedirectPort'],
            message: 'expected another port than web.port, where visitors come by HTTPS',
          },
        ]
      : []),
  ]
}

/** Whether a balancer process stands in front of the web servers. Pure. */
export function isFronted({ stage, web, balancer }: Pick<Topology, 'stage' | 'web' | 'balancer'>): boolean {
  if (balancer.driver === 'embedded') return false
  return stage === 'balanced' || web.servers > 1 || web.autoscale !== undefined
}
