// One web server behind a balancer under test: the web tier's own server with an application that says what came.
// Told by its parent to become ready or not, and to block its event loop.

import { createHash } from 'node:crypto'
import { createLogger } from '../../../src/base/log.ts'
import { webConfig } from '../../../src/web/config.ts'
import { createWebServer } from '../../../src/web/server/server.ts'

/** What every answer says. */
export interface Echo {
  readonly server: string
  readonly method: string
  readonly url: string
  readonly bodyBytes: number
  readonly headers: Readonly<Record<string, string | undefined>>
}

export type WebOrder = { readonly ready: boolean } | { readonly blockMs: number }

/** What it tells its parent: that it listens, and every request as soon as it came, before it is answered. */
export type WebReport = 'listening' | { readonly method: string; readonly url: string; readonly id: string }

// `NAME HOST PORT SETTINGS`, the last as JSON.
const [name = '', host = '', port = '', settings = '{}'] = process.argv.slice(2)
let isReady = true
const say = (report: WebReport): void => void process.send?.(report)

const server = createWebServer({
  log: createLogger({ level: 'error' }),
  settings: {
    ...webConfig.parse({ ...(JSON.parse(settings) as object), host, port: Number(port) }),
    trustProxy: true,
  },
  isReady: () => isReady,
  handler: {
    listener(incoming, response) {
      const { method = '', url = '' } = incoming
      if (method !== 'GET') say({ method, url, id: String(incoming.headers['x-request-id']) })
      let bodyBytes = 0
      incoming.on('data', (chunk: Buffer) => (bodyBytes += chunk.length))
      incoming.on('end', () => {
        if (url === '/status/503') {
          response.writeHead(503, { 'retry-after': '7' }).end('busy')
          return
        }
        if (url === '/events') {
          response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: one\n\n')
          response.once('close', () => say({ method: 'CLOSED', url, id: '' }))
          return
        }
        const echo = { server: name, method, url, bodyBytes, headers: incoming.headers }
        const answer = (): void => void response.end(JSON.stringify(echo))
        const waitMs = Number(/[?&]waitMs=(\d+)/.exec(url)?.[1] ?? 2)
        setTimeout(answer, waitMs)
      })
    },
    upgrade(incoming, socket) {
      // RFC 6455 §4.2.2. HAProxy checks it.
      const accept = createHash('sha1')
        .update(`${incoming.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64')
      const headers = ['connection: upgrade', 'upgrade: websocket', `sec-websocket-accept: ${accept}`]
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${headers.join('\r\n')}\r\n\r\n`)
      socket.on('data', (chunk) => socket.write(chunk))
    },
  },
})
process.on('message', (order: WebOrder) => {
  if ('ready' in order) isReady = order.ready
  else {
    const endsAt = performance.now() + order.blockMs
    while (performance.now() < endsAt);
  }
})
process.on('SIGTERM', () => void server.stop(10_000).then(() => process.exit(0)))
process.on('disconnect', () => process.exit(0))
await server.start()
say('listening')
