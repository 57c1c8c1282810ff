// Brings HAProxy's servers in and out of service, in every balancer process and in each of its workers: one that was
// replaced by a reload still has connections, and a request on one of them must not meet a server that is gone.

import type { MemberContext, MemberSpec } from '../../base/member.ts'
import { systemClock } from '../../base/clock.ts'
import { describeError, PlatformError } from '../../base/errors.ts'
import type { MemberRouter, RouteReport, Upstream, UpstreamReport, UpstreamWish } from '../../base/route.ts'
import { writeInService } from './in-service.ts'
import { commandsFor, type Wanted, wantedOf, wishOf } from './reconcile.ts'
import {
  askHaproxy,
  masterSocket,
  readReport,
  readWorkers,
  REPORT_COMMANDS,
  type WorkerReport,
  type Workers,
} from './runtime.ts'

const ANSWER_MS = 2_000
// Between two questions to a master that is just becoming its own successor.
const AGAIN_MS = 20

/** What one balancer process says. */
interface Front {
  readonly name: string
  readonly current: Worker
  readonly old: readonly Worker[]
}

type Worker = WorkerReport & { readonly pid: number }

export const haproxyRouter: MemberRouter = {
  async route(through, upstreams, { installation }: MemberContext): Promise<RouteReport> {
    const wanted = wantedOf(upstreams)
    writeInService(installation, wanted)
    const answers = await Promise.allSettled(
      through.map((spec) => routeFront(spec, wanted, masterSocket(installation, spec.name))),
    )
    const fronts = answers.map((answer) => {
      if (answer.status === 'rejected') throw answer.reason
      return answer.value
    })
    return reportOf(fronts, upstreams)
  },
}

/** @throws BALANCER_UNREACHABLE */
async function routeFront({ name }: MemberSpec, wanted: Wanted, socketPath: string): Promise<Front> {
  const signal = AbortSignal.timeout(ANSWER_MS)
  try {
    const { current, old } = await workersOf(socketPath, signal)
    const [first, ...others] = await Promise.all([
      routeWorker(current, wanted, socketPath, signal),
      // One that ends meanwhile has nothing left to be told.
      ...old.map((pid) => routeWorker(pid, wanted, socketPath, signal).catch(leftOut)),
    ])
    if (first === undefined) throw new Error(`its process ${current} said nothing of its servers`)
    return { name, current: first, old: others.filter((report) => report !== undefined) }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_ASSERTION') throw cause
    throw new PlatformError('BALANCER_UNREACHABLE', { member: name, reason: describeError(cause) }, { cause })
  }
}

function leftOut(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ERR_ASSERTION') throw error
  return undefined
}

/** During a reload the master has no answer for some milliseconds. */
async function workersOf(
  socketPath: string,
  signal: AbortSignal,
): Promise<Workers & { readonly current: number }> {
  for (;;) {
    const workers = await askHaproxy(socketPath, ['show proc'], signal).then(
      readWorkers,
      (error: unknown) => {
        if (signal.aborted || (error as NodeJS.ErrnoException).code === 'ENOENT') throw error
        return undefined
      },
    )
    if (workers?.current !== undefined) return { ...workers, current: workers.current }
    await systemClock.sleep(AGAIN_MS, signal)
  }
}

async function routeWorker(
  pid: number,
  wanted: Wanted,
  socketPath: string,
  signal: AbortSignal,
): Promise<Worker | undefined> {
  const ask = (commands: readonly string[]): Promise<string> =>
    askHaproxy(socketPath, [`@!${pid}`, ...commands, ...REPORT_COMMANDS], signal)
  const report = readReport(await ask([]))
  const commands = report === undefined ? [] : commandsFor(report.servers, wanted)
  const last = commands.length === 0 ? report : readReport(await ask(commands))
  return last && { ...last, pid }
}

/** Pure. */
function reportOf(fronts: readonly Front[], upstreams: readonly Upstream[]): RouteReport {
  const current = fronts.map((front) => front.current)
  const all = fronts.flatMap((front) => [front.current, ...front.old])
  return {
    upstreams: upstreams.map(({ spec }) => upstreamReport(spec.name, current, all)),
    // Of workers that were replaced the counters go with them, so they are not counted from the first.
    counting: fronts.map(({ name, current: { pid } }) => `${name}:${pid}`).join(' '),
    requests: sum(current, ({ counters }) => counters.requests),
    failed: sum(current, ({ counters }) => counters.failed),
    // With those that were replaced: what they have in work may still fail.
    fronts: fronts.flatMap(({ name, current, old }) =>
      [current, ...old].map(({ pid, counters }) => ({
        name,
        counting: String(pid),
        requests: counters.requests,
        failed: counters.failed,
      })),
    ),
    waiting: sum(all, ({ counters }) => counters.waiting),
    waitMs: Math.max(0, ...current.map(({ counters }) => counters.waitMs)),
  }
}

function upstreamReport(
  name: string,
  current: readonly WorkerReport[],
  all: readonly WorkerReport[],
): UpstreamReport {
  const wishes = new Set<UpstreamWish | undefined>(
    all.map(({ servers }) => {
      const server = servers.find((candidate) => candidate.name === name)
      return server && wishOf(server)
    }),
  )
  return {
    name,
    carriedOut: wishes.size === 1 ? [...wishes][0] : undefined,
    active: sum(all, ({ counters }) => counters.active.get(name) ?? 0),
    requests: sum(current, ({ counters }) => counters.served.get(name) ?? 0),
  }
}

function sum<Item>(items: readonly Item[], of: (item: Item) => number): number {
  return items.reduce((total, item) => total + of(item), 0)
}
