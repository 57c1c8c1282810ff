// HAProxy in front of web servers, with a configuration that hides nothing: no request is tried twice, and a connection
// to a server is used for any visitor's next request. What the balancer of a topology adds is tested with it.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { MemberSpec } from '../../src/base/member.ts'
import { until } from './until.ts'
import { freePort } from './free-port.ts'

export interface Haproxy extends AsyncDisposable {
  /** Where visitors come in. */
  readonly port: number
  /** As its own interface has it: `drain` and `maint` keep new requests away, `maint` forgets the server. */
  set(server: string, state: 'ready' | 'drain' | 'maint'): Promise<void>
  /** Its log lines of requests that it could not answer well, with the reason as it codes it. */
  readonly complaints: readonly string[]
  /** Requests that `server` has in work. */
  current(server: string): Promise<number>
}

/** HAProxy for the members `specs`, with its files in `dir`. */
export async function startHaproxy(dir: string, specs: readonly MemberSpec[]): Promise<Haproxy> {
  const port = await freePort()
  const socket = join(dir, 'haproxy.sock')
  const file = join(dir, 'haproxy.cfg')
  const servers = specs.map(({ name, listens }) => `  server ${name} ${listens!.host}:${listens!.port}`)
  writeFileSync(
    file,
    `global
  log stdout format raw local0
  stats socket ${socket} mode 600 level admin
defaults
  mode http
  log global
  option httplog
  option dontlognull
  option dontlog-normal
  timeout connect 1s
  timeout client 10s
  timeout server 10s
  retries 0
frontend visitors
  bind 127.0.0.1:${port}
  option forwardfor
  unique-id-format %{+X}o\\ %ci:%cp-%Ts-%rt
  http-request set-header x-request-id %[unique-id]
  http-request set-header x-forwarded-proto https
  default_backend web
backend web
  balance roundrobin
  http-reuse always
${servers.join('\n')}
`,
  )
  const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'ignore'] })
  const complaints: string[] = []
  createInterface(child.stdout).on('line', (line) => {
    if (line.includes(' visitors web/')) complaints.push(line)
  })
  const exited = once(child, 'exit')
  const ask = async (command: string): Promise<string> => {
    const connection = connect(socket)
    await once(connection, 'connect')
    connection.end(`${command}\n`)
    return await text(connection)
  }
  // By its own socket: on the port somebody else might answer.
  await until('HAProxy serves', 10_000, () =>
    ask('show info').then(
      (info) => info.includes('Name: HAProxy'),
      () => false,
    ),
  )
  return {
    port,
    complaints,
    set: async (server, state) => void (await ask(`set server web/${server} state ${state}`)),
    async current(server) {
      const lines = (await ask('show stat')).split('\n').map((line) => line.split(','))
      const column = lines[0]!.indexOf('scur')
      return Number(lines.find(([proxy, name]) => proxy === 'web' && name === server)![column])
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
