// How many visitors lose their connection when one of two processes on a shared port stops?
//
// Method: two web processes share a port. Clients open a new connection for every request at a steady rate, in open
// loop, while the processes are stopped and started again in turn. Counted are requests without a whole answer, and
// those that took over 900 ms: the kernel lets a client whose first packet it has ignored ask again after a second.
//
// `node bench/web-shared-port-stop.ts [--rate 1000] [--stops 20] [--work 0]`, where `work` is how many milliseconds of
// the processor one request takes. With `sysctl net.ipv4.tcp_migrate_req=1` (Linux 5.14) the kernel hands waiting
// connections over to the other process; the first line says how it was set.

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createLogger } from '../src/base/log.ts'
import { createWebServer, webConfig } from '../src/web/index.ts'
import { freePort } from '../test/support/free-port.ts'

const { values } = parseArgs({
  options: {
    serve: { type: 'string' },
    rate: { type: 'string', default: '1000' },
    stops: { type: 'string', default: '20' },
    work: { type: 'string', default: '0' },
  },
})
const SLOW_MS = 900
const BETWEEN_STOPS_MS = 300
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'

async function serve(port: number, workMs: number): Promise<void> {
  const server = createWebServer({
    handler: {
      fetch: () => {
        const untilMs = performance.now() + workMs
        while (performance.now() < untilMs);
        return new Response('whole')
      },
    },
    settings: webConfig.parse({ port, processes: 2 }),
    log: createLogger(),
  })
  process.on('SIGTERM', () => void server.stop(5_000).then(() => process.exit(0)))
  await server.start()
  process.send!('ready')
}

async function start(port: number): Promise<ChildProcess> {
  const args = ['--serve', String(port), '--work', values.work]
  const child = fork(fileURLToPath(import.meta.url), args)
  await once(child, 'message')
  return child
}

const counts = { sent: 0, answered: 0, lost: 0, slow: 0 }
const open = new Set<Promise<void>>()

function visit(port: number): void {
  const startedAtMs = performance.now()
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  let answer = ''
  socket.setEncoding('latin1')
  socket.on('connect', () => socket.write(REQUEST))
  socket.on('data', (text: string) => (answer += text))
  socket.on('error', () => {})
  const visited = new Promise<void>((resolve) =>
    socket.on('close', () => {
      counts[answer.endsWith('whole') ? 'answered' : 'lost']++
      if (performance.now() - startedAtMs > SLOW_MS) counts.slow++
      open.delete(visited)
      resolve()
    }),
  )
  open.add(visited)
}

async function measure(): Promise<void> {
  const port = await freePort()
  const processes = [await start(port), await start(port)]
  const startedAtMs = performance.now()
  const pump = setInterval(() => {
    const due = ((performance.now() - startedAtMs) / 1_000) * Number(values.rate)
    for (; counts.sent < due; counts.sent++) visit(port)
  }, 1)
  for (let stop = 0; stop < Number(values.stops); stop++) {
    await sleep(BETWEEN_STOPS_MS)
    const exited = once(processes[stop % 2]!, 'exit')
    processes[stop % 2]!.kill('SIGTERM')
    await exited
    processes[stop % 2] = await start(port)
  }
  clearInterval(pump)
  await Promise.all(open)
  for (const process of processes) process.kill('SIGTERM')
}

if (values.serve !== undefined) await serve(Number(values.serve), Number(values.work))
else {
  const migrates = readFileSync('/proc/sys/net/ipv4/tcp_migrate_req', 'utf8').trim()
  const { rate, stops, work } = values
  console.log(
    JSON.stringify({
      node: process.version,
      cores: availableParallelism(),
      tcpMigrateReq: migrates,
      rate,
      stops,
      work,
    }),
  )
  await measure()
  console.log(JSON.stringify(counts))
  console.log(JSON.stringify({ name: 'web-shared-port-stop', ratio: counts.answered / counts.sent }))
}
