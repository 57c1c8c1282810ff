// What does the balancer cost? The same requests to one web server directly, through HAProxy with a configuration as a
// person writes it, and through HAProxy as Pando runs it; both with the same three web servers behind.
//
// Method: servers, balancers and load (32 keep-alive connections, one request under way on each) are processes of their
// own. Rounds of a fixed number of requests go to the three in turn, the order changing, so that what else the machine
// does hits all. Measured are HAProxy's CPU time by proc(5), the web servers' beside it, and the throughput. A round gives
// one ratio of CPU, by hand over Pando, of HAProxy and web servers together: what a request costs this side of the
// visitor. The median of the rounds is the result.
//
// `node bench/balancer-overhead.ts [--rounds 15] [--requests 40000]`

import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { balancerConfig } from '../src/balancer/index.ts'
import { balancerMembers } from '../src/balancer/members.ts'
import { systemClock } from '../src/base/clock.ts'
import { openInstallation } from '../src/base/installation.ts'
import { createLogger } from '../src/base/log.ts'
import type { MemberContext } from '../src/base/member.ts'
import type { MemberSpec } from '../src/base/member.ts'
import { loadEngine, loadRouter } from '../src/topology/engines.ts'
import { createWebServer, webConfig } from '../src/web/index.ts'
import { CONNECTIONS, keepAliveLoad } from './support/keep-alive-load.ts'
import { cpuSecondsOf } from './support/process-times.ts'
import { rounded, spread } from './support/spread.ts'
import { freePort } from '../test/support/free-port.ts'

const SIDES = ['direct', 'hand', 'pando'] as const
type Side = (typeof SIDES)[number]
const SERVERS = 3
const WARM_UP = 2
const BODY = JSON.stringify({
  articles: Array.from({ length: 8 }, (_, id) => ({ id, title: `Article ${id}` })),
})

interface Round {
  /** CPU seconds per 10,000 requests. */
  readonly balancer: number
  readonly web: number
  readonly requestsPerSecond: number
}

/** What a careful person writes for the same job: checks, retries of what is safe, reuse, headers, timeouts. */
function byHand(port: number, servers: readonly number[]): string {
  return `global
    maxconn 5000
defaults
    mode http
    timeout client 30s
    timeout server 125s
    timeout connect 1s
    timeout http-request 20s
    timeout http-keep-alive 60s
    option forwardfor
    option redispatch 1
    option idle-close-on-response
    retries 3
    retry-on conn-failure empty-response
frontend visitors
    bind 127.0.0.1:${port}
    unique-id-format %[uuid()]
    http-request set-header x-request-id %[unique-id]
    http-request set-header x-forwarded-proto http
    http-request disable-l7-retry if !METH_GET
    default_backend web
backend web
    balance leastconn
    option httpchk GET /-/ready
    default-server inter 1s fall 2 rise 1
${servers.map((server, index) => `    server web-${index + 1} 127.0.0.1:${server} check`).join('\n')}
`
}

async function serve(): Promise<void> {
  const server = createWebServer({
    handler: {
      listener: (_request, response) => {
        response.writeHead(200, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(BODY),
        })
        response.end(BODY)
      },
    },
    settings: webConfig.parse({ port: 0, trustProxy: true }),
    log: createLogger(),
  })
  await server.start()
  process.send!(server.address!.port)
}

function child(...args: string[]): ChildProcess {
  return fork(fileURLToPath(import.meta.url), ['--as', ...args])
}

async function answers(port: number): Promise<void> {
  let last = ''
  for (let attempt = 0; attempt < 100; attempt++) {
    const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined)
    if (response?.status === 200) return
    last = response === undefined ? 'no answer' : `${response.status} ${await response.text()}`
    await systemClock.sleep(50)
  }
  throw new Error(`nobody answers with 200 on port ${port}: ${last}`)
}

/** HAProxy as Pando runs it, one process of it, with all servers in service. */
async function startPando(dir: string, port: number, servers: readonly number[]): Promise<ChildProcess> {
  const served = { ...webConfig.parse({}), host: '127.0.0.1', port }
  const slots = servers.map((server, index) => ({
    name: `web-${index + 1}`,
    host: '127.0.0.1',
    port: server,
  }))
  const balancer = balancerConfig.parse({ processes: 1 })
  const [spec] = balancerMembers({ balancer, served, slots, idempotent: [], appDir: dir }) as [MemberSpec]
  const context: MemberContext = { installation: openInstallation(dir), appDir: dir, log: createLogger() }
  const { file, args, env, cwd, uid, gid } = await (await loadEngine('haproxy')).prepare(spec, context)
  const started = spawn(file, args, {
    env,
    cwd,
    stdio: ['ignore', 'ignore', 'inherit'],
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
  })
  const upstreams = slots.map(({ name, ...listens }) => ({
    wish: 'ready' as const,
    spec: { name, tier: 'web', engine: 'web', after: [], listens, address: '', settings: {} },
  }))
  const router = await loadRouter('haproxy')
  for (let attempt = 0; attempt < 100; attempt++) {
    const routed = await router.route([spec], upstreams, context).catch(() => undefined)
    if (routed?.upstreams.every(({ carriedOut }) => carriedOut === 'ready')) break
    await systemClock.sleep(50)
  }
  return started
}

async function compare(rounds: number, requests: number): Promise<Record<Side, Round[]>> {
  const dir = mkdtempSync(join(tmpdir(), 'pando-bench-'))
  chmodSync(dir, 0o711)
  const servers = Array.from({ length: SERVERS }, () => child('serve'))
  const loader = child('load')
  const balancers: ChildProcess[] = []
  try {
    const ports: number[] = []
    for (const server of servers) ports.push(((await once(server, 'message')) as [number])[0])
    const [hand, pando] = [await freePort(), await freePort()]
    writeFileSync(join(dir, 'hand.cfg'), byHand(hand, ports))
    balancers.push(spawn('haproxy', ['-db', '-W', '-f', join(dir, 'hand.cfg')], { stdio: 'ignore' }))
    balancers.push(await startPando(dir, pando, ports))
    const sides = {
      direct: { port: ports[0]!, pids: [] },
      hand: { port: hand, pids: [balancers[0]!.pid!] },
      pando: { port: pando, pids: [balancers[1]!.pid!] },
    }
    for (const { port } of Object.values(sides)) await answers(port)
    const results: Record<Side, Round[]> = { direct: [], hand: [], pando: [] }
    for (let index = -WARM_UP; index < rounds; index++) {
      const order = SIDES.map((_, at) => SIDES[(at + index + WARM_UP) % SIDES.length]!)
      for (const side of order) {
        const result = await round(loader, servers, sides[side], requests)
        if (index >= 0) results[side].push(result)
      }
    }
    return results
  } finally {
    for (const process of [...servers, loader, ...balancers]) process.kill()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function round(
  loader: ChildProcess,
  servers: readonly ChildProcess[],
  { port, pids }: { readonly port: number; readonly pids: readonly number[] },
  requests: number,
): Promise<Round> {
  const web = servers.map(({ pid }) => pid!)
  const before = { balancer: cpuSecondsOf(pids), web: cpuSecondsOf(web) }
  const sinceMs = performance.now()
  loader.send({ port, requests })
  await once(loader, 'message')
  const seconds = (performance.now() - sinceMs) / 1_000
  const per10k = (used: number): number => (used / requests) * 10_000
  return {
    balancer: per10k(cpuSecondsOf(pids) - before.balancer),
    web: per10k(cpuSecondsOf(web) - before.web),
    requestsPerSecond: requests / seconds,
  }
}

function report({ direct, hand, pando }: Record<Side, Round[]>): void {
  const of = (rounds: readonly Round[]): object => ({
    balancerCpuSecondsPer10000: spread(rounds.map(({ balancer }) => balancer)),
    webCpuSecondsPer10000: spread(rounds.map(({ web }) => web)),
    requestsPerSecond: spread(rounds.map(({ requestsPerSecond }) => requestsPerSecond)),
  })
  const ratios = (value: (hand: Round, pando: Round) => number): number[] =>
    hand.map((round, index) => value(round, pando[index]!))
  const whole = spread(ratios((a, b) => (a.balancer + a.web) / (b.balancer + b.web)))
  console.log(
    JSON.stringify({
      direct: of(direct),
      hand: of(hand),
      pando: of(pando),
      wholeCpuRatio: whole,
      balancerCpuRatio: spread(ratios((a, b) => a.balancer / b.balancer)),
      throughputRatio: spread(ratios((a, b) => b.requestsPerSecond / a.requestsPerSecond)),
      throughputToDirect: spread(
        pando.map(({ requestsPerSecond }, index) => requestsPerSecond / direct[index]!.requestsPerSecond),
      ),
    }),
  )
  console.log(JSON.stringify({ name: 'balancer-overhead', ratio: rounded(whole.median) }))
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    as: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '15' },
    requests: { type: 'string', default: '40000' },
  },
})
if (values.as && positionals[0] === 'serve') await serve()
else if (values.as)
  process.on('message', ({ port, requests }: { port: number; requests: number }) => {
    void keepAliveLoad({ port, requests }).then(() => process.send!('done'))
  })
else {
  console.log(
    JSON.stringify({
      node: process.version,
      cores: availableParallelism(),
      servers: SERVERS,
      connections: CONNECTIONS,
    }),
  )
  report(await compare(Number(values.rounds), Number(values.requests)))
}
