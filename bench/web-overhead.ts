// What does the web tier cost? The same fetch handler on Pando and on `@hono/node-server`, the same Node listener on
// Pando and on bare `node:http` with the same timeouts.
//
// Method: every server is a process of its own and so is the load (32 keep-alive connections, one request under way on
// each, the headers of a browser). Rounds of a fixed number of requests go to bare and Pando in turn, so that what
// else the machine does hits both; the order within a pair alternates. Measured is the server's own CPU time
// (`process.cpuUsage`), because throughput on shared cores says more about the neighbours. A pair gives one ratio
// bare / Pando; the median of the pairs is the result, and the worse of the two kinds the last line.
//
// `node bench/web-overhead.ts [--rounds 25] [--requests 10000]`

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism, cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createAdaptorServer } from '@hono/node-server'
import { createLogger } from '../src/base/log.ts'
import { createWebServer, webConfig } from '../src/web/index.ts'
import { CONNECTIONS, keepAliveLoad } from './support/keep-alive-load.ts'
import { quantile, rounded, spread } from './support/spread.ts'

const KINDS = ['fetch', 'listener'] as const
type Kind = (typeof KINDS)[number]
type Side = 'bare' | 'pando'
interface Round {
  /** CPU seconds of the server per 10,000 requests. */
  readonly cpuSeconds: number
  readonly requestsPerSecond: number
}

const BODY = JSON.stringify({
  articles: Array.from({ length: 8 }, (_, id) => ({ id, title: `Article ${id}` })),
})
const fetchHandler = async (request: Request): Promise<Response> => {
  const found = request.method === 'GET' && request.url.includes('/api/')
  return new Response(BODY, { status: found ? 200 : 404, headers: { 'content-type': 'application/json' } })
}
const nodeListener: RequestListener = (request, response) => {
  const found = request.method === 'GET' && request.url!.includes('/api/')
  response.writeHead(found ? 200 : 404, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(BODY),
  })
  response.end(BODY)
}

async function serve(kind: Kind, side: Side): Promise<void> {
  const port = side === 'bare' ? await serveBare(kind) : await servePando(kind)
  process.on('message', () => process.send!(process.cpuUsage()))
  process.send!(port)
}

async function servePando(kind: Kind): Promise<number> {
  const server = createWebServer({
    handler: kind === 'fetch' ? { fetch: fetchHandler } : { listener: nodeListener },
    settings: webConfig.parse({ port: 0 }),
    log: createLogger(),
  })
  await server.start()
  return server.address!.port
}

async function serveBare(kind: Kind): Promise<number> {
  const settings = webConfig.parse({})
  const timeouts = {
    keepAliveTimeout: settings.keepAliveMs,
    headersTimeout: settings.headersTimeoutMs,
    requestTimeout: settings.requestTimeoutMs,
  }
  const server =
    kind === 'fetch'
      ? (createAdaptorServer({ fetch: fetchHandler, serverOptions: timeouts }) as Server)
      : createServer(timeouts, nodeListener)
  server.timeout = settings.answerTimeoutMs
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

interface Child {
  readonly process: ChildProcess
  ask<T>(message: unknown): Promise<T>
}

function child(...args: string[]): Child {
  const process = fork(fileURLToPath(import.meta.url), ['--as', ...args])
  return {
    process,
    async ask<T>(message: unknown): Promise<T> {
      process.send(message as object)
      return ((await once(process, 'message')) as [T])[0]
    },
  }
}

async function round(server: Child, loader: Child, port: number, requests: number): Promise<Round> {
  const before = await server.ask<NodeJS.CpuUsage>('cpu')
  const startedAtMs = performance.now()
  await loader.ask({ port, requests })
  const seconds = (performance.now() - startedAtMs) / 1_000
  const after = await server.ask<NodeJS.CpuUsage>('cpu')
  const cpuSeconds = (after.user - before.user + after.system - before.system) / 1e6
  return { cpuSeconds: (cpuSeconds / requests) * 10_000, requestsPerSecond: requests / seconds }
}

async function compare(kind: Kind, rounds: number, requests: number): Promise<Record<Side, Round[]>> {
  const servers = { bare: child('serve', kind, 'bare'), pando: child('serve', kind, 'pando') }
  const loader = child('load')
  const ports = {
    bare: ((await once(servers.bare.process, 'message')) as [number])[0],
    pando: ((await once(servers.pando.process, 'message')) as [number])[0],
  }
  const results: Record<Side, Round[]> = { bare: [], pando: [] }
  const WARM_UP = 2
  for (let index = -WARM_UP; index < rounds; index++) {
    const order: Side[] = index % 2 === 0 ? ['bare', 'pando'] : ['pando', 'bare']
    for (const side of order) {
      const result = await round(servers[side], loader, ports[side], requests)
      if (index >= 0) results[side].push(result)
    }
  }
  for (const { process } of [servers.bare, servers.pando, loader]) process.kill()
  return results
}

function report(kind: Kind, { bare, pando }: Record<Side, Round[]>): number {
  const ratios = bare.map((round, index) => round.cpuSeconds / pando[index]!.cpuSeconds)
  const throughput = bare.map((round, index) => pando[index]!.requestsPerSecond / round.requestsPerSecond)
  const side = (rounds: readonly Round[]): object => ({
    cpuSecondsPer10000: spread(rounds.map(({ cpuSeconds }) => cpuSeconds)),
    requestsPerSecond: spread(rounds.map(({ requestsPerSecond }) => requestsPerSecond)),
  })
  console.log(
    JSON.stringify({
      kind,
      bare: side(bare),
      pando: side(pando),
      cpuRatio: spread(ratios),
      throughputRatio: spread(throughput),
    }),
  )
  return quantile(ratios, 0.5)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    as: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '25' },
    requests: { type: 'string', default: '10000' },
  },
})
if (values.as && positionals[0] === 'serve') await serve(positionals[1] as Kind, positionals[2] as Side)
else if (values.as) {
  process.on('message', ({ port, requests }: { port: number; requests: number }) => {
    void keepAliveLoad({ port, requests }).then(() => process.send!('done'))
  })
} else {
  console.log(
    JSON.stringify({
      node: process.version,
      cores: availableParallelism(),
      cpu: cpus()[0]?.model,
      connections: CONNECTIONS,
    }),
  )
  const ratios: number[] = []
  for (const kind of KINDS)
    ratios.push(report(kind, await compare(kind, Number(values.rounds), Number(values.requests))))
  console.log(JSON.stringify({ name: 'web-overhead', ratio: rounded(Math.min(...ratios)) }))
}
