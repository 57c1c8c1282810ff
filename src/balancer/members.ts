// The balancer's processes as members: `balancer-1` … `balancer-N`, all on the address where visitors come in.

import type { MemberSpec } from '../base/member.ts'
import { addressOf } from '../base/place.ts'
import type { BalancerSettings } from './config.ts'

/** What the web tier says of itself to the balancer in front of it. */
export interface Served {
  /** Where visitors come in. */
  readonly host: string
  readonly port: number
  /** Of the web servers: they give these up later than the balancer does. */
  readonly headersMaxBytes: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly answerTimeoutMs: number
  readonly keepAliveMs: number
  readonly maxConnections: number
  readonly drainMs: number
}

/** A place for one web server in the balancer's configuration, taken or not. */
export interface Slot {
  /** The member's name: `web-1`. */
  readonly name: string
  readonly host: string
  readonly port: number
}

/** `MemberSpec.settings` of a balancer process. */
export interface HaproxySettings {
  readonly balancer: BalancerSettings
  readonly served: Served
  readonly slots: readonly Slot[]
  /** Routes that may be repeated on another server though their method is not safe. */
  readonly idempotent: readonly string[]
  /** Directory that relative paths of certificates begin at. */
  readonly appDir: string
}

/** The members `balancer-1` … `balancer-N`. Pure. */
export function balancerMembers(settings: HaproxySettings): MemberSpec[] {
  const { host, port } = settings.served
  return balancerNames(settings.balancer).map((name) => ({
    name,
    tier: 'balancer',
    engine: 'haproxy',
    after: [],
    listens: { host, port },
    address: addressOf({ host, port }, settings.balancer.tlsCertificates.length > 0 ? 'https' : 'http'),
    settings: { ...settings },
  }))
}

export function balancerNames({ processes }: BalancerSettings): string[] {
  return Array.from({ length: processes }, (_, index) => `balancer-${index + 1}`)
}
