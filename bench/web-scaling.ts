// Do more web servers carry more visitors? Conduit behind the balancer with 1, 2, 4 and 8 web servers, each capped to a
// tenth of a core by a control group, so that two cores hold them all and the balancer, the database and the load have
// room. Everything is saturated by a closed loop of 8 connections a server that ask for the list of articles.
//
// Method: every round scales to 8 with `pando scale`, warms each new server by itself until its code is compiled, caps it,
// and measures 8, 4, 2 and 1: taking servers away leaves warm ones, adding them would measure compilers. A fixed number
// of requests a server is timed. The spread is how far the server with the most or the fewest requests is from the mean.
// By turns, so that the spread says something of the balancer; with `--algorithm leastconn` a server gets what it can do.
// The ratio is throughput at 8 over 8 times that at 1, by the medians of the rounds.
//
// Needs root, for the control groups. `node bench/web-scaling.ts [--algorithm roundrobin] [--rounds 3] [--requests 1500] [--plot FILE]`

import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openInstallation, socketDirectory } from '../src/base/installation.ts'
import { askControl } from '../src/web/server/ask-control.ts'
import { cpuQuota, type CpuQuota } from './support/cpu-quota.ts'
import { keepAliveLoad } from './support/keep-alive-load.ts'
import { linePlot } from './support/line-plot.ts'
import { cpuSecondsOf } from './support/process-times.ts'
import { quantile, rounded, spread } from './support/spread.ts'

const ROOT = join(import.meta.dirname, '..')
const CONDUIT = join(ROOT, 'examples', 'conduit')
const SIZES = [8, 4, 2, 1]
const SHARE = 0.1
const CONNECTIONS_EACH = 8
const WARM_UP_EACH = 12_000

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '3978' },
    algorithm: { type: 'string', default: 'roundrobin' },
    rounds: { type: 'string', default: '3' },
    requests: { type: 'string', default: '1500' },
    plot: { type: 'string', default: join(ROOT, 'docs', 'figures', 'web-scaling.svg') },
  },
})
const port = Number(values.port)
const requestsEach = Number(values.requests)
const dataDir = mkdtempSync(join(tmpdir(), 'pando-scaling-'))
const sockets = socketDirectory(openInstallation(dataDir), 'run')

interface Measured {
  readonly requestsPerSecond: number
  /** Largest distance of a server's share from the mean, as a share of the mean. */
  readonly unevenness: number
  /** Of the web servers together, seconds a second: the caps' sum when they are saturated. */
  readonly cpu: number
}

function node(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.once('error', reject)
  child.once('close', (status) =>
    status === 0 ? resolve(output) : reject(new Error(`node ${args.join(' ')} ended with status ${status}`)),
  )
  return promise
}

const pando = (...args: string[]): Promise<string> =>
  node([join(ROOT, 'bin', 'pando.js'), ...args, '--data', dataDir], {
    ...process.env,
    PANDO_STAGE: 'balanced',
    PANDO_BALANCER_ALGORITHM: values.algorithm,
    PANDO_WEB_SERVERS: '1',
  })

const servedBy = (servers: number): Promise<number[]> =>
  Promise.all(
    Array.from({ length: servers }, async (_, index) => {
      const { served } = await askControl(join(sockets, `web-${index + 1}.sock`))
      return served
    }),
  )

const capped = new Set<number>()

/** Warms and caps the servers that are new. */
async function capNew(quota: CpuQuota): Promise<void> {
  const { members } = JSON.parse(await pando('status', '--json')) as {
    members: { tier: string; pid: number; address: string }[]
  }
  for (const { tier, pid, address } of members) {
    if (tier !== 'web' || capped.has(pid)) continue
    const { hostname, port: serverPort } = new URL(address)
    await keepAliveLoad({ host: hostname, port: Number(serverPort), requests: WARM_UP_EACH })
    quota.cap(pid)
    // On one core each: what a group has left on one core is not there for its threads on another.
    execFileSync('taskset', ['-acp', String(capped.size % availableParallelism()), String(pid)])
    capped.add(pid)
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function measure(servers: number): Promise<Measured> {
  const connections = servers * CONNECTIONS_EACH
  await keepAliveLoad({ port, requests: servers * 50, connections })
  const pids = [...capped].filter((pid) => isAlive(pid))
  const before = await servedBy(servers)
  const cpuBefore = cpuSecondsOf(pids)
  const sinceMs = performance.now()
  await keepAliveLoad({ port, requests: servers * requestsEach, connections })
  const seconds = (performance.now() - sinceMs) / 1_000
  const cpu = (cpuSecondsOf(pids) - cpuBefore) / seconds
  const served = (await servedBy(servers)).map((total, index) => total - before[index]!)
  const mean = served.reduce((sum, count) => sum + count, 0) / servers
  return {
    requestsPerSecond: (servers * requestsEach) / seconds,
    unevenness: Math.max(...served.map((count) => Math.abs(count - mean))) / mean,
    cpu,
  }
}

{
  using quota = cpuQuota('pando-scaling', SHARE)
  const measured = new Map<number, Measured[]>(SIZES.map((size) => [size, []]))
  await pando('up', '--detach', '--app', CONDUIT, '--port', values.port)
  try {
    await node([join(CONDUIT, 'seed', 'main.ts'), '--size', 'S', '--data', dataDir])
    for (let round = 0; round < Number(values.rounds); round++)
      for (const size of SIZES) {
        await pando('scale', `web=${size}`)
        await capNew(quota)
        const result = await measure(size)
        measured.get(size)!.push(result)
        process.stderr.write(
          `  ${size} servers: ${result.requestsPerSecond.toFixed(1)}/s, spread ${(100 * result.unevenness).toFixed(1)} %, ${result.cpu.toFixed(2)} cores\n`,
        )
      }
  } finally {
    await pando('down')
    rmSync(dataDir, { recursive: true, force: true })
  }
  const at = (size: number): number =>
    quantile(
      measured.get(size)!.map(({ requestsPerSecond }) => requestsPerSecond),
      0.5,
    )
  const uneven = (size: number): number =>
    quantile(
      measured.get(size)!.map(({ unevenness }) => unevenness),
      0.5,
    )
  const ofIdeal = (size: number): number => at(size) / (size * at(1))
  for (const size of SIZES.toReversed())
    console.log(
      JSON.stringify({
        servers: size,
        requestsPerSecond: spread(measured.get(size)!.map(({ requestsPerSecond }) => requestsPerSecond)),
        ofIdeal: rounded(ofIdeal(size)),
        unevenness: rounded(uneven(size)),
      }),
    )
  writeFileSync(
    values.plot,
    linePlot({
      title: 'Conduit behind the balancer, servers of a tenth of a core',
      xLabel: 'web servers',
      yLabel: 'requests a second',
      ideal: (servers) => servers * at(1),
      points: SIZES.toReversed().map((size) => ({
        x: size,
        y: at(size),
        note: `${at(size).toFixed(0)}/s, ${(100 * ofIdeal(size)).toFixed(0)} % of ideal`,
      })),
    }),
  )
  console.log(JSON.stringify({ name: 'web-scaling', ratio: rounded(ofIdeal(8)) }))
}
