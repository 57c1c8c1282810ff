// One bounded question to a process of this machine: HTTP over a Unix socket. Used to ask members and the supervisor;
// never for what comes from outside.

import { request } from 'node:http'

export interface LocalQuestion {
  readonly socketPath: string
  readonly method?: 'GET' | 'POST'
  readonly path: string
  /** Sent as it is, as JSON. */
  readonly body?: string
  /** From the first byte sent to the last one received. */
  readonly timeoutMs: number
  /** A longer answer is refused. */
  readonly maxBytes: number
}

export interface LocalAnswer {
  readonly status: number
  readonly text: string
}

/** The whole answer, whatever its status. Rejects with the system's error, or one that names the bound. */
export function askLocal(question: LocalQuestion): Promise<LocalAnswer> {
  const { socketPath, method = 'GET', path, body, timeoutMs, maxBytes } = question
  const { promise, resolve, reject } = Promise.withResolvers<LocalAnswer>()
  const tooLate = AbortSignal.timeout(timeoutMs)
  const headers = body === undefined ? {} : { 'content-type': 'application/json' }
  const asked = request({ socketPath, method, path, headers, agent: false }, (response) => {
    let text = ''
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => {
      text += chunk
      if (text.length > maxBytes) asked.destroy(new Error(`answers more than ${maxBytes} bytes`))
    })
    response.once('error', reject)
    response.once('end', () => resolve({ status: response.statusCode ?? 0, text }))
  })
  tooLate.addEventListener('abort', () => asked.destroy(new Error(`gave no answer within ${timeoutMs} ms`)), {
    once: true,
  })
  asked.once('error', reject)
  asked.end(body)
  return promise
}
