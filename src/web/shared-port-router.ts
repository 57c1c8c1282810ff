// The balancer of development, which is none: web processes share the visitors' port, and the kernel spreads the
// connections. So each process is told itself, over its control socket, whether it takes new ones; `through` is empty.
//
// A visitor is a connection here. `drain` and `out` are the same: the process closes its port, lets every connection go
// after the answer in work, and keeps its word when it is started again after a crash (server/front-door.ts).
// A process that was never told `ready` is only just starting; `out` leaves it alone, so that it serves at once.
//
// Nobody stands between the visitor and the process, so nobody counts what failed or waited: those figures stay 0.

import type { Installation } from '../base/installation.ts'
import type { MemberRouter, Upstream, UpstreamReport } from '../base/route.ts'
import { controlSocketOf, tellControl } from './server/ask-control.ts'

interface Told {
  readonly upstream: UpstreamReport
  readonly pid: number | undefined
}

/** The router `shared-port`. Never rejects: a process that does not answer has no wish carried out. */
export const sharedPort: MemberRouter = {
  async route(_through, upstreams, { installation }) {
    const told = await Promise.all(upstreams.map((upstream) => tell(upstream, installation)))
    const reports = told.map(({ upstream }) => upstream)
    return {
      upstreams: reports,
      // Another process begins from zero.
      counting: told.map(({ upstream, pid }) => `${upstream.name}:${pid ?? ''}`).join(' '),
      requests: reports.reduce((sum, { requests }) => sum + requests, 0),
      failed: 0,
      waiting: 0,
      waitMs: 0,
    }
  },
}

async function tell({ spec: { name }, wish }: Upstream, installation: Installation): Promise<Told> {
  const shouldAccept = wish === 'ready'
  try {
    const report = await tellControl(controlSocketOf(name, installation), shouldAccept ? 'accept' : wish)
    const carriedOut = report.accepting === shouldAccept ? wish : undefined
    return { upstream: { name, carriedOut, active: report.active, requests: report.served }, pid: report.pid }
  } catch (error) {
    // Without a process there is nobody whom a visitor could reach.
    const carriedOut = isNobodyThere(error) && !shouldAccept ? wish : undefined
    return { upstream: { name, carriedOut, active: 0, requests: 0 }, pid: undefined }
  }
}

function isNobodyThere(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ECONNREFUSED'
}
