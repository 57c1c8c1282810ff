// What a change from one plan to another means: which members come, go or are replaced and why, and what keeps it from
// being made while everything runs. Pure; the supervisor makes the change, and never one that is refused here.

import { isDeepStrictEqual } from 'node:util'
import type { MemberSpec } from '../base/member.ts'
import type { Plan, PlanSource } from './plan.ts'
import type { Topology } from './schema.ts'
import { listSettings } from './settings.ts'
import { inWords, showValue } from './source.ts'

/** `reload`: the process takes its new settings up itself; `replace`: a new process takes its place. */
export interface MemberChange {
  readonly member: string
  readonly change: 'add' | 'remove' | 'replace' | 'reload'
  /** `new application code`, `web.bodyMaxBytes 10485760 (10 MiB) → 20971520 (20 MiB)`; none for `add` and `remove`. */
  readonly reasons: readonly string[]
}

/** Why a change is not made, or only when it is forced. */
export interface Obstacle {
  /** `restart`: not while it runs, also when forced; `loss`, `logout`: what visitors would lose. */
  readonly kind: 'restart' | 'loss' | 'logout'
  readonly key: string
  /** Values for a person. */
  readonly from: string
  readonly to: string
  /** What would happen, as a whole sentence. */
  readonly problem: string
  readonly remedy: string
}

export interface Judgement {
  /** In the order of the new plan, then what is removed. */
  readonly members: readonly MemberChange[]
  readonly obstacles: readonly Obstacle[]
  /** Settings that no process has, and that the supervisor goes by from then on: `web.autoscale.max 4 → 8`. */
  readonly settings: readonly string[]
}

export type ComparedPlan = Pick<Plan, 'members' | 'routes'> & { readonly source: PlanSource }

/** `canReload` is `MemberEngine.canReload` of the member's engine. */
export function judgeChange(
  from: ComparedPlan,
  to: ComparedPlan,
  canReload: (from: MemberSpec, to: MemberSpec) => boolean = () => false,
): Judgement {
  const before = new Map(from.members.map((spec) => [spec.name, spec]))
  const kept = new Set(to.members.map(({ name }) => name))
  const members = to.members.flatMap((spec): MemberChange[] => {
    const old = before.get(spec.name)
    if (old === undefined) return [{ member: spec.name, change: 'add', reasons: [] }]
    if (isDeepStrictEqual(plain(old), plain(spec))) return []
    const change = canReload(old, spec) ? 'reload' : 'replace'
    return [{ member: spec.name, change, reasons: reasonsOf(old, spec) }]
  })
  const removed = from.members.filter(({ name }) => !kept.has(name))
  return {
    members: [
      ...members,
      ...removed.map(({ name }): MemberChange => ({ member: name, change: 'remove', reasons: [] })),
    ],
    obstacles: [...restartObstacles(from, to), ...lossObstacles(from.source, to.source)],
    settings: differences(from.source.topology, to.source.topology)
      .filter(({ key }) => isOfSupervisor(key))
      .map((difference) => `${difference.key} ${difference.from} → ${difference.to}`),
  }
}

function isOfSupervisor(key: string): boolean {
  return key === 'stage' || key.startsWith('web.autoscale.')
}

/**
 * As it is after it was written down and read: without what is undefined. Who passes requests to it is not its own affair,
 * and another balancer replaces no web server.
 */
function plain(spec: MemberSpec): unknown {
  const { frontedBy: _, ...own } = spec
  return JSON.parse(JSON.stringify(own))
}

function reasonsOf(from: MemberSpec, to: MemberSpec): readonly string[] {
  const old = leaves(from.settings)
  const now = leaves(to.settings)
  const keys = [...new Set([...old.keys(), ...now.keys()])]
  const [isFronted, isFrontedNext] = [from, to].map(({ frontedBy = [] }) => frontedBy.length > 0)
  const isOtherWay = isFronted !== isFrontedNext
  const reasons = keys
    .filter((key) => !isDeepStrictEqual(old.get(key), now.get(key)) && !(isOtherWay && WAY.test(key)))
    .map((key) => reasonOf(key, old.get(key), now.get(key)))
  if (isOtherWay) reasons.push(isFrontedNext ? 'behind a balancer' : 'no balancer in front')
  // What a person has most likely done stands first.
  return [...new Set(reasons)].toSorted((a, b) => Number(b === NEW_CODE) - Number(a === NEW_CODE))
}

const NEW_CODE = 'new application code'
const CODE = /^release\.|^appDir$/
/** What follows from whether a balancer stands in front. */
const WAY = /^web\.(host|port|processes|trustProxy|isFronted)$/

function reasonOf(key: string, from: unknown, to: unknown): string {
  if (CODE.test(key)) return NEW_CODE
  if (key === 'idempotent') return 'other idempotent routes'
  if (key === 'slots') return 'other places for web servers'
  // The balancer's part of the web tier's settings.
  const setting = key.replace(/^served\./, 'web.')
  return `${setting} ${shown(setting, from)} → ${shown(setting, to)}`
}

/** `{ web: { port: 1 } }` as `web.port` → 1. A list is one value. */
function leaves(settings: object, path = ''): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const [name, value] of Object.entries(settings) as [string, unknown][]) {
    const isBranch = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (!isBranch && value !== undefined) found.set(`${path}${name}`, value)
    if (!isBranch) continue
    for (const [key, inner] of leaves(value, `${path}${name}.`)) found.set(key, inner)
  }
  return found
}

function shown(key: string, value: unknown): string {
  return value === undefined ? 'none' : `${showValue(value, false)}${inWords(key, value)}`
}

const DOWN_AND_UP = 'Keep the value, or make the change with `pando down` and `pando up`'

/** What a running installation cannot become. */
function restartObstacles(from: ComparedPlan, to: ComparedPlan): readonly Obstacle[] {
  const found: Obstacle[] = []
  const add = (keys: readonly string[], problem: string, remedy: string): void => {
    for (const difference of differences(from.source.topology, to.source.topology, keys))
      found.push({ kind: 'restart', ...difference, problem, remedy })
  }
  const names = [from.source.app.name, to.source.app.name]
  if (names[0] !== names[1])
    found.push({
      kind: 'restart',
      key: "the application's name",
      from: showValue(names[0], false),
      to: showValue(names[1], false),
      problem: 'The name is also that of the database: another one begins empty.',
      remedy: 'Put the name back. To begin with an empty database on purpose: `pando down`, then `pando up`.',
    })
  if (isOtherMember('database', from, to) && names[0] === names[1])
    add(
      ['database.maxConnections', 'database.sharedBuffersBytes', 'database.poolMax', 'web.maxServers'],
      'The database server would have to be restarted, and requests would fail meanwhile.',
      `${DOWN_AND_UP}, which takes some seconds.`,
    )
  if (isOtherWay(from, to)) {
    if (![from, to].every(canShare))
      add(
        ['stage', 'balancer.driver', 'web.servers', 'web.autoscale.min'],
        'Balancer and web server cannot share a port here, and one would have to end before the other begins.',
        `${DOWN_AND_UP}; from then on every change is made while it runs.`,
      )
    const [old, now] = [from, to].map(schemeOf)
    if (old !== now)
      found.push({
        kind: 'restart',
        key: 'the way in',
        from: old!,
        to: now!,
        problem: 'Visitors would meet one protocol or the other by chance on the same port meanwhile.',
        remedy:
          'Make it in two steps, with `balancer.tlsCertificates` empty in the first, or with `pando down` and `pando up`.',
      })
    add(['web.host', 'web.port'], 'Visitors would find nobody at the old address.', `${DOWN_AND_UP}.`)
  } else if (listensOf(from) !== listensOf(to))
    add(
      ['web.host', 'web.port', 'web.serverPort'],
      'Visitors, or the balancer, would find nobody at the old address.',
      `${DOWN_AND_UP}.`,
    )
  return found
}

function isOtherMember(name: string, from: ComparedPlan, to: ComparedPlan): boolean {
  const [old, now] = [from, to].map(({ members }) => members.find((spec) => spec.name === name)?.settings)
  return !isDeepStrictEqual(leaves(old ?? {}), leaves(now ?? {}))
}

/** By a balancer where they came to a web server, or the reverse. */
function isOtherWay(from: ComparedPlan, to: ComparedPlan): boolean {
  const [old, now] = [from, to].map(({ routes }) => routes.map(({ router }) => router))
  return !isDeepStrictEqual(old, now)
}

/** Whether several processes may listen where visitors come in. */
function canShare({ source }: ComparedPlan): boolean {
  return source.canShare && source.topology.web.port !== 0
}

function schemeOf({ members }: ComparedPlan): string {
  const first =
    members.find(({ name }) => name === 'balancer-1') ?? members.find(({ name }) => name === 'web-1')
  return first?.address.split(':')[0] ?? ''
}

/** Where the members that both plans have take requests. */
function listensOf({ members }: ComparedPlan): string {
  const [balancer, web] = ['balancer-1', 'web-1'].map((name) => members.find((spec) => spec.name === name))
  return JSON.stringify([balancer?.listens, web?.listens])
}

const FILES_ELSEWHERE: readonly string[] = ['files.driver', 'files.url', 'files.bucket']

/** What can be done while it runs, and takes something from visitors. */
function lossObstacles(from: PlanSource, to: PlanSource): readonly Obstacle[] {
  const all = differences(from.topology, to.topology)
  const elsewhere = all.filter(({ key }) => FILES_ELSEWHERE.includes(key))
  // Another driver brings the other settings with it.
  const files = elsewhere[0]?.key === 'files.driver' ? elsewhere.slice(0, 1) : elsewhere
  const cookies = all.filter(({ key }) => key === 'sessions.cookieName' || key === 'sessions.secure')
  return [
    ...files.map((difference): Obstacle => ({
      kind: 'loss',
      ...difference,
      problem: 'Files kept until now stay where they are: the application would not find them any more.',
      remedy: 'Copy them first (docs/how-to/files.md), then run the command again with `--force`.',
    })),
    ...cookies.map((difference): Obstacle => ({
      kind: 'logout',
      ...difference,
      problem: 'The session cookie would have another name: every visitor would be logged out.',
      remedy: 'Keep the value, or accept that with `--force`.',
    })),
  ]
}

interface Difference {
  readonly key: string
  readonly from: string
  readonly to: string
}

/** The settings that differ, in the order of the schema; of `keys` only when they are given. */
function differences(from: Topology, to: Topology, keys?: readonly string[]): readonly Difference[] {
  const [old, now] = [leaves(from), leaves(to)]
  return listSettings()
    .filter(({ key }) => keys === undefined || keys.includes(key))
    .filter(({ key }) => !isDeepStrictEqual(old.get(key), now.get(key)))
    .map(({ key, secret }) => ({
      key,
      from: secret ? '***' : shown(key, old.get(key)),
      to: secret ? '***' : shown(key, now.get(key)),
    }))
}
