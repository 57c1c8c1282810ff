// The HTTP/1.1 client of the generator: keep-alive connections, at most one for each request in flight, no retries and
// no cookies, because a generator that mends what it measures measures itself. An idle connection that the server
// closes at the wrong moment is therefore a failure; whether it is made good, as browsers do, the run decides.

import {
  Agent as HttpAgent,
  request as httpRequest,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { PlatformError, redactUrl } from '../base/errors.ts'
import type { Clock } from '../base/clock.ts'
import type { Answer, LoadRequest } from './mix.ts'

/** How a request without an answer ended: `timeout`, `body-too-large`, or the system's code such as `ECONNRESET`. */
export interface NoAnswer {
  readonly failure: string
  /** The connection ended before a byte of the answer came. */
  readonly unanswered: boolean
}

export interface LoadClient {
  /**
   * Sends one request and reads the whole answer. Never rejects.
   * @param connection `fresh` opens a connection for this request only; default `kept`.
   */
  send(
    request: Pick<LoadRequest, 'method' | 'path' | 'headers' | 'body'>,
    connection?: 'kept' | 'fresh',
  ): Promise<Answer | NoAnswer>
  /** Closes all connections; requests under way end as failures. */
  close(): void
}

export interface ClientOptions {
  /** `http:` or `https:`; its path is put before the path of every request. */
  readonly url: string
  /** Connections at most. */
  readonly sockets: number
  /** From the sending to the last byte of the answer. */
  readonly timeoutMs: number
  readonly clock: Clock
}

/** What Node says of a connection that was there and ended. */
const BROKEN = new Set(['ECONNRESET', 'EPIPE'])
/** A longer answer is a failure: the generator must not fall over what the server sends. */
const ANSWER_MAX_BYTES = 16 * 1024 * 1024

/** @throws LOAD_OPTION_INVALID when `url` is not an http or https address. */
export function createClient({ url, sockets, timeoutMs, clock }: ClientOptions): LoadClient {
  const base = parseTarget(url)
  const secure = base.protocol === 'https:'
  const agentOptions = {
    keepAlive: true,
    maxSockets: sockets,
    maxFreeSockets: sockets,
    scheduling: 'lifo',
  } as const
  const agent = secure ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions)
  const start = secure ? httpsRequest : httpRequest
  const prefix = base.pathname.replace(/\/$/, '')
  const target: RequestOptions = {
    host: base.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: base.port === '' ? (secure ? 443 : 80) : Number(base.port),
  }

  return {
    close: () => agent.destroy(),
    send({ method, path, headers, body }, connection = 'kept') {
      const { promise, resolve } = Promise.withResolvers<Answer | NoAnswer>()
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const outgoing = start({
        ...target,
        method,
        path: prefix + path,
        agent: connection === 'kept' ? agent : false,
        headers: {
          ...headers,
          ...(payload === undefined
            ? undefined
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
        },
      })
      const fail = (failure: string, unanswered = false): void => {
        cancelTimeout()
        resolve({ failure, unanswered })
        outgoing.destroy()
      }
      const cancelTimeout = clock.after(timeoutMs, () => fail('timeout'))
      let bytesBefore = 0
      outgoing.on('socket', (socket) => {
        bytesBefore = socket.bytesRead
      })
      outgoing.on('error', (error: NodeJS.ErrnoException) => {
        const isBroken = BROKEN.has(error.code ?? '') && outgoing.socket?.bytesRead === bytesBefore
        fail(error.code ?? error.message, isBroken)
      })
      outgoing.on('response', (response) =>
        readAnswer(response, fail, (answer) => {
          cancelTimeout()
          resolve(answer)
        }),
      )
      outgoing.end(payload)
      return promise
    },
  }
}

function readAnswer(
  response: IncomingMessage,
  fail: (failure: string) => void,
  done: (answer: Answer) => void,
): void {
  const chunks: Buffer[] = []
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength
    if (bytes > ANSWER_MAX_BYTES) fail('body-too-large')
    else chunks.push(chunk)
  })
  response.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message))
  response.on('end', () => done(answerOf(response, chunks)))
}

function answerOf(response: IncomingMessage, chunks: readonly Buffer[]): Answer {
  return {
    status: response.statusCode ?? 0,
    header(name) {
      const value = response.headers[name]
      return Array.isArray(value) ? value.join(', ') : value
    },
    // Most answers are only counted: nothing is decoded until somebody asks.
    get text() {
      return Buffer.concat(chunks).toString('utf8')
    },
    json() {
      return JSON.parse(this.text)
    },
  }
}

/** @throws LOAD_OPTION_INVALID */
export function parseTarget(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:'
  // Credentials would be printed with every result and sent to nobody: a mix sets the headers that its calls need.
  if (parsed === undefined || !isHttp || parsed.username !== '' || parsed.password !== '')
    throw new PlatformError('LOAD_OPTION_INVALID', {
      option: 'URL',
      value: parsed === undefined ? url : redactUrl(url),
      expected: 'an address such as http://127.0.0.1:3000, without a user or password',
    })
  return parsed
}

export function isAnswer(outcome: Answer | NoAnswer): outcome is Answer {
  return 'status' in outcome
}
