// Visitors of a balancer under test: a number of kept connections that ask one after the other, and count what fails.

import { Agent, request, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http'
import { Agent as TlsAgent, request as tlsRequest } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Echo } from './web-server.ts'

export interface Question {
  readonly port: number
  readonly method?: string
  readonly path?: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: string
  readonly tls?: boolean
  /** Default: a connection for this request alone. */
  readonly agent?: Agent
  /** Address that the visitor comes from. */
  readonly localAddress?: string
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** What the web server said, of an answer that is one of its own. */
  readonly echo: Echo
}

/** Rejects with the system's error when the connection breaks. */
export async function ask(question: Question): Promise<Answer> {
  const { port, method = 'GET', path = '/', headers = {}, body, tls = false, localAddress } = question
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const agent = question.agent ?? false
  const from = localAddress === undefined ? {} : { localAddress }
  const options = { host: '127.0.0.1', port, method, path, headers, agent, ...from }
  const asked = (tls ? tlsRequest : request)(
    { ...options, ...(tls && { rejectUnauthorized: false }) },
    (response) => {
      text(response).then((whole) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: whole,
          get echo() {
            return JSON.parse(whole) as Echo
          },
        })
      }, reject)
    },
  )
  asked.once('error', reject)
  asked.end(body)
  return await promise
}

export interface Crowd {
  readonly requests: number
  /** `POST /: ECONNRESET`, `GET /: 503`; empty is what is promised. */
  readonly failures: readonly string[]
  /** Safe requests that were asked a second time on a new connection, because the first broke before it answered. */
  readonly askedAgain: number
  readonly servers: ReadonlySet<string>
}

export interface CrowdOptions extends Pick<Question, 'port' | 'tls'> {
  readonly method?: string
  readonly path?: string
  /** At least this many requests are made, and they go on until what happens has happened. Default 3,000. */
  readonly requests?: number
  /** Kept connections. Default 12. */
  readonly visitors?: number
  /**
   * Whether a safe request is repeated once on a new connection when the first one breaks before a byte of the answer, as
   * browsers do (RFC 9110 §9.2.2). Default false.
   */
  readonly repeats?: boolean
}

/** Asks while `happens` goes on; it begins when a tenth of the requests is answered. */
export async function crowd(options: CrowdOptions, happens: () => Promise<unknown>): Promise<Crowd> {
  const { port, tls = false, method = 'GET', path = '/', requests = 3_000, visitors = 12 } = options
  const agent = new (tls ? TlsAgent : Agent)({ keepAlive: true, maxSockets: visitors })
  const body = method === 'GET' ? undefined : 'a body'
  const failures: string[] = []
  const servers = new Set<string>()
  const count = { asked: 0, askedAgain: 0, isOver: false }
  const begun = Promise.withResolvers<void>()

  const once = async (): Promise<void> => {
    count.asked++
    const question = { port, tls, method, path, ...(body !== undefined && { body }) }
    try {
      const answer = await ask({ ...question, agent }).catch((error: unknown) => {
        if (options.repeats !== true) throw error
        count.askedAgain++
        return ask(question)
      })
      if (answer.status === 200) servers.add(answer.echo.server)
      else failures.push(`${method} ${path}: ${answer.status}`)
    } catch (error) {
      failures.push(`${method} ${path}: ${(error as NodeJS.ErrnoException).code ?? String(error)}`)
    }
    if (count.asked >= requests / 10) begun.resolve()
  }
  const visitor = async (): Promise<void> => {
    while (!count.isOver || count.asked < requests) await once()
  }
  const all = Promise.all(Array.from({ length: visitors }, visitor))
  await begun.promise
  try {
    await happens()
  } finally {
    count.isOver = true
    await all
    agent.destroy()
  }
  return { requests: count.asked, failures, askedAgain: count.askedAgain, servers }
}
