// How many visitors does one server carry? Conduit at size M on stage `single`, under the mixes A (0.99 % writes) and
// B (5 %).
//
// Method, for each mix: a hold at a fixed rate (per-call percentiles, CPU for each 10,000 requests), then steps of a
// rising rate until the knee (the first step where less than 97 % of the arrivals are answered in time, one fails or
// is dropped, or the 99th percentile passes 500 ms; log-ins, which hash a password, set that bound), then a hold at 70 %
// of the highest rate before it. Arrivals are an open loop; latency counts from the intended start. Load and server
// share the machine's cores, so throughput says as much about the neighbours: the CPU seconds are the steadier figure.
//
// The ratio of the last line is answered / offered in the hold at 70 % of the knee, the worse of both mixes: 1 when the
// server keeps what the steps promised.
//
// `node bench/conduit-single.ts [--data DIR] [--port N] [--rate N] [--hold SECONDS] [--step SECONDS]`

import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import {
  loadMix,
  parseStages,
  prepareLoad,
  systemClock,
  variablesOf,
  type LoadResult,
  type PreparedLoad,
} from 'pando/load'
import { cpuSecondsOf } from './support/process-times.ts'

const ROOT = join(import.meta.dirname, '..')
const CONDUIT = join(ROOT, 'examples', 'conduit')
const SEED = 'conduit-single'
const STEP_FACTOR = 1.3
const STEPS_MAX = 10
const KNEE = { answeredShare: 0.97, p99Ms: 500 }
const PROBE_SHARE = 0.2

const { values } = parseArgs({
  options: {
    data: { type: 'string', default: join(ROOT, '.cache', 'conduit-single') },
    port: { type: 'string', default: '3977' },
    rate: { type: 'string', default: '100' },
    hold: { type: 'string', default: '20' },
    step: { type: 'string', default: '6' },
  },
})
const dataDir = resolve(values.data)
const url = `http://127.0.0.1:${values.port}`

interface Cpu {
  readonly web: number
  readonly database: number
}

interface MixFigures {
  readonly mix: string
  readonly fixed: Figures
  readonly steps: readonly {
    readonly rate: number
    readonly answeredPerSecond: number
    readonly p99Ms: number
  }[]
  /** The highest rate that was carried, arrivals a second. */
  readonly kneePerSecond: number
  readonly hold: Figures
}

interface Figures {
  readonly offeredPerSecond: number
  readonly answeredPerSecond: number
  readonly failed: number
  readonly dropped: number
  readonly stale: number
  readonly probed: number
  /** CPU seconds for each 10,000 requests, by tier. */
  readonly cpuPer10k: Cpu
  readonly latency: LoadResult['latency']
  readonly calls: LoadResult['calls']
  readonly limitedBy: string | null
}

/** Runs a file of ours with this Node; its standard error is shown. @returns standard output */
function node(...args: string[]): Promise<string> {
  const { promise, resolve: done, reject } = Promise.withResolvers<string>()
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.once('error', reject)
  child.once('close', (status) =>
    status === 0 ? done(output) : reject(new Error(`node ${args.join(' ')} ended with status ${status}`)),
  )
  return promise
}

const pando = (...args: string[]): Promise<string> => node(join(ROOT, 'bin', 'pando.js'), ...args)

/** CPU seconds so far of each tier's processes with all their descendants, those that have ended included (proc(5)). */
async function cpuSeconds(): Promise<Cpu> {
  const status = JSON.parse(await pando('status', '--json', '--data', dataDir)) as {
    members: { tier: string; pid: number | null }[]
  }
  const of = (tier: string): number =>
    cpuSecondsOf(
      status.members.flatMap((member) => (member.tier === tier && member.pid !== null ? [member.pid] : [])),
    )
  return { web: of('web'), database: of('database') }
}

async function measure(load: PreparedLoad, rate: number, seconds: number): Promise<Figures> {
  const before = await cpuSeconds()
  const result = await load.run({ stages: parseStages(rate.toFixed(1), seconds, 0), probeShare: PROBE_SHARE })
  const after = await cpuSeconds()
  const { probe } = result
  // The probe's reads cost the server as much as the visitors' do.
  const requests = result.ok + result.failed + probe.fresh + probe.stale + probe.inconclusive
  const per10k = (tier: keyof Cpu): number =>
    Math.round((1000 * 10_000 * (after[tier] - before[tier])) / requests) / 1000
  process.stderr.write(
    `  ${rate.toFixed(0)}/s: answered ${result.answeredPerSecond}/s, p99 ${result.latency.p99Ms} ms\n`,
  )
  return {
    offeredPerSecond: result.offeredPerSecond,
    answeredPerSecond: result.answeredPerSecond,
    failed: result.failed,
    dropped: result.dropped,
    stale: probe.stale,
    probed: probe.fresh + probe.stale,
    cpuPer10k: { web: per10k('web'), database: per10k('database') },
    latency: result.latency,
    calls: result.calls,
    limitedBy: result.generator.limitedBy,
  }
}

function isCarried({ offeredPerSecond, answeredPerSecond, failed, dropped, latency }: Figures): boolean {
  return (
    failed + dropped === 0 &&
    answeredPerSecond >= KNEE.answeredShare * offeredPerSecond &&
    latency.p99Ms <= KNEE.p99Ms
  )
}

async function measureMix(file: string): Promise<MixFigures> {
  const mix = await loadMix(join(CONDUIT, 'load', file))
  process.stderr.write(`mix ${mix.name}\n`)
  const load = await prepareLoad({
    url,
    mix,
    variables: variablesOf(mix, ['size=M', 'users=24']),
    seed: SEED,
    maxInFlight: 512,
    timeoutMs: 10_000,
    clock: systemClock,
  })
  try {
    // Warm-up: caches of PostgreSQL and compiled code.
    await load.run({ stages: parseStages(values.rate, Number(values.step), 0), probeShare: 0 })
    const fixed = await measure(load, Number(values.rate), Number(values.hold))
    const steps: MixFigures['steps'][number][] = []
    let knee = Number(values.rate)
    for (let rate = knee * STEP_FACTOR; steps.length < STEPS_MAX; rate *= STEP_FACTOR) {
      const step = await measure(load, rate, Number(values.step))
      steps.push({ rate, answeredPerSecond: step.answeredPerSecond, p99Ms: step.latency.p99Ms })
      if (!isCarried(step)) break
      knee = rate
    }
    const hold = await measure(load, knee * 0.7, Number(values.hold))
    return { mix: mix.name, fixed, steps, kneePerSecond: Math.round(knee), hold }
  } finally {
    load.close()
  }
}

await pando('up', '--detach', '--app', CONDUIT, '--data', dataDir, '--port', values.port)
try {
  await node(join(CONDUIT, 'seed', 'main.ts'), '--size', 'M', '--data', dataDir)
  const mixes = [await measureMix('a-browse.ts'), await measureMix('b-mixed.ts')]
  const machine = { cores: availableParallelism(), node: process.version, sharedWithLoad: true }
  console.log(JSON.stringify({ machine, seed: SEED, size: 'M', mixes }))
  const shares = mixes.map(({ hold }) => hold.answeredPerSecond / hold.offeredPerSecond)
  console.log(
    JSON.stringify({ name: 'conduit-single', ratio: Math.round(Math.min(...shares) * 1000) / 1000 }),
  )
} finally {
  await pando('down', '--data', dataDir)
}
