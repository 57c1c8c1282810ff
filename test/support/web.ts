// What the tests of the web tier share: a server on a free port, and a client that writes bytes instead of requests.

import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createLogger, type Logger } from '../../src/base/log.ts'
import type { Handler } from '../../src/web/handler.ts'
import { createWebServer, type WebServer, type WebServerOptions } from '../../src/web/server/server.ts'
import { webConfig, type WebSettingsInput } from '../../src/web/config.ts'

export interface Served extends AsyncDisposable {
  readonly server: WebServer
  readonly port: number
  readonly url: string
  /** Parsed log lines so far. */
  readonly logged: readonly Record<string, unknown>[]
}

export type ServeOptions = Partial<Omit<WebServerOptions, 'handler' | 'settings'>> & {
  readonly settings?: WebSettingsInput & { readonly controlSocket?: string }
}

/** A started server on a free port of the loopback interface; disposed of, it is stopped at once. */
export async function serveOnFreePort(handler: Handler, options: ServeOptions = {}): Promise<Served> {
  const logged: Record<string, unknown>[] = []
  const log: Logger = createLogger({
    level: 'debug',
    write: (line) => logged.push(JSON.parse(line) as Record<string, unknown>),
  })
  const { controlSocket, ...settings } = options.settings ?? {}
  const server = createWebServer({
    log,
    ...options,
    handler,
    settings: {
      ...webConfig.parse({ port: 0, ...settings }),
      ...(controlSocket === undefined ? {} : { controlSocket }),
    },
  })
  await server.start()
  const { port } = server.address!
  return {
    server,
    port,
    url: `http://127.0.0.1:${port}`,
    logged,
    [Symbol.asyncDispose]: () => server.stop(0),
  }
}

export interface RawConnection extends Disposable {
  readonly socket: Socket
  send(text: string): void
  /** All that has come, as soon as it matches. Rejects when the connection ends before. */
  until(pattern: RegExp): Promise<string>
  /** All that has come, once the server has closed the connection. */
  ended(): Promise<string>
  /** Codes of the connection's errors so far: `ECONNRESET` when the server did not close it in order. */
  readonly errors: readonly (string | undefined)[]
}

/** A TCP connection to `port` (or the Unix socket of that path) that speaks only what the test says. */
export async function rawConnection(port: number | string): Promise<RawConnection> {
  const socket = typeof port === 'string' ? connect(port) : connect(port, '127.0.0.1')
  let received = ''
  let isOver = false
  const errors: (string | undefined)[] = []
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const check of waiting) check()
  }
  socket.setEncoding('latin1')
  socket.on('data', (chunk: string) => {
    received += chunk
    wake()
  })
  socket.on('error', (error: NodeJS.ErrnoException) => errors.push(error.code))
  socket.on('close', () => {
    isOver = true
    wake()
  })
  await once(socket, 'connect')

  const wait = (isDone: () => boolean, what: string): Promise<string> => {
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const check = (): void => {
      if (isDone()) resolve(received)
      else if (isOver) reject(new Error(`the connection ended before ${what}; it sent: ${received}`))
      else return
      waiting.delete(check)
    }
    waiting.add(check)
    check()
    return promise
  }
  return {
    socket,
    errors,
    send: (text) => void socket.write(text, 'latin1'),
    until: (pattern) => wait(() => pattern.test(received), String(pattern)),
    ended: () => wait(() => isOver, 'its end'),
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

/** What the server says to `text` until it closes the connection. */
export async function sayAndListen(port: number, text: string): Promise<string> {
  using connection = await rawConnection(port)
  connection.send(text)
  return await connection.ended()
}
