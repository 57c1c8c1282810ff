// The engines by the key that a plan names them with. Each is imported when it is first asked for: a supervisor of one
// stage loads the engines of that stage only.

import assert from 'node:assert/strict'
import type { MemberEngine } from '../base/member.ts'
import type { MemberRouter } from '../base/route.ts'

export { autoscaleOf, maxWebServers, withWebServers } from './plan.ts'

const ENGINES: Readonly<Record<string, () => Promise<MemberEngine>>> = {
  'postgres-embedded': async () => (await import('../database/members.ts')).embeddedPostgres,
  web: async () => (await import('../web/members.ts')).webProcess,
  haproxy: async () => (await import('../balancer/haproxy/engine.ts')).haproxyEngine,
}

/** The engine of a `MemberSpec`; always the same object for a key. A key that no plan of this version has is a defect. */
export async function loadEngine(key: string): Promise<MemberEngine> {
  const load = ENGINES[key]
  assert(load !== undefined, `no engine is called ${key}`)
  return load()
}

/** The balancer's program on this machine. @throws BALANCER_ENGINE_MISSING, BALANCER_VERSION_UNSUPPORTED */
export async function findBalancer(): Promise<{ readonly path: string; readonly version: string }> {
  const { findHaproxy } = await import('../balancer/haproxy/binary.ts')
  return findHaproxy()
}

/** Every key that a plan may use. */
export const ENGINE_KEYS: readonly string[] = Object.keys(ENGINES)

const ROUTERS: Readonly<Record<string, () => Promise<MemberRouter>>> = {
  haproxy: async () => (await import('../balancer/haproxy/router.ts')).haproxyRouter,
  'shared-port': async () => (await import('../web/shared-port-router.ts')).sharedPort,
}

/** The router of a `Route`; always the same object for a key. A key that no plan of this version has is a defect. */
export async function loadRouter(key: string): Promise<MemberRouter> {
  const load = ROUTERS[key]
  assert(load !== undefined, `no router is called ${key}`)
  return load()
}
