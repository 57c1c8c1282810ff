// A real front process, as small as can be: passes what comes on its socket on to the upstreams that it was told are
// ready, in turn, and answers 503 where there is none. It counts, forgets all of it with its end, and takes up a
// configuration in place unless that says `bad`. Arguments: name, socket, file of stops.

import { appendFileSync } from 'node:fs'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { secretToken } from '../../../src/base/random.ts'
import type { FrontReport, Told } from './front-router.ts'

const [name = '', socket = '', stops = ''] = process.argv.slice(2)
let counting = secretToken(6)
let told: readonly Told[] = []
let turn = 0
let requests = 0
let failed = 0
const active = new Map<string, number>()

function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const ready = told.filter(({ wish }) => wish === 'ready')
  const upstream = ready[turn++ % Math.max(1, ready.length)]
  requests++
  const fail = (): void => {
    failed++
    outgoing.writeHead(upstream === undefined ? 503 : 502).end()
  }
  if (upstream === undefined) {
    fail()
    return
  }
  const count = (by: number): unknown => active.set(upstream.name, (active.get(upstream.name) ?? 0) + by)
  count(1)
  outgoing.once('close', () => count(-1))
  request({ socketPath: upstream.socket, path: incoming.url, agent: false }, (answer) =>
    answer.pipe(outgoing.writeHead(answer.statusCode ?? 502)),
  )
    .once('error', fail)
    .end()
}

async function control(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  let text = ''
  for await (const chunk of incoming.setEncoding('utf8')) text += chunk as string
  if (incoming.url === '/-/config') {
    if (text === 'bad') outgoing.statusCode = 400
    else counting = secretToken(6)
    if (text !== 'bad') requests = failed = 0
  } else if (text !== '') told = JSON.parse(text) as readonly Told[]
  const report: FrontReport = {
    pid: process.pid,
    counting,
    requests,
    failed,
    told,
    active: Object.fromEntries(active),
  }
  outgoing.end(JSON.stringify(report))
}

process.on('SIGTERM', () => {
  appendFileSync(stops, `${name}\n`)
  process.exit(0)
})
createServer((incoming, outgoing) => {
  if (incoming.url?.startsWith('/-/') === true) void control(incoming, outgoing)
  else pass(incoming, outgoing)
}).listen(socket)
