// A closed-loop load over raw keep-alive connections, cheap enough to leave the cores to what is measured: every
// connection has one request under way, with the headers of a browser, and any answer but 200 ends the run.

import { connect } from 'node:net'

export const CONNECTIONS = 32

const REQUEST = [
  'GET /api/articles?limit=20&offset=0 HTTP/1.1',
  'Host: 127.0.0.1:3000',
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language: en-GB,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br',
  'Cookie: session=eyJpZCI6IjEyMzQ1Njc4OTAiLCJuYW1lIjoiSmFuZSJ9',
  'Connection: keep-alive',
  '\r\n',
].join('\r\n')

export interface KeepAliveTarget {
  readonly host?: string
  readonly port: number
  readonly requests: number
  /** Default 32. */
  readonly connections?: number
}

/** Sends `requests` over all connections; a next one goes out when the answer before it is complete. */
export async function keepAliveLoad(target: KeepAliveTarget): Promise<void> {
  const { host = '127.0.0.1', port, requests, connections = CONNECTIONS } = target
  let toSend = requests
  let toReceive = requests
  const done = Promise.withResolvers<void>()
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect({ port, host, noDelay: true })
    let buffered = ''
    const send = (): void => {
      if (toSend-- > 0) socket.write(REQUEST)
    }
    socket.setEncoding('latin1')
    socket.on('connect', send)
    socket.on('error', done.reject)
    socket.on('data', (chunk: string) => {
      buffered += chunk
      const end = responseEnd(buffered)
      if (end === undefined) return
      if (!buffered.startsWith('HTTP/1.1 200')) done.reject(new Error(buffered))
      buffered = buffered.slice(end)
      if (--toReceive === 0) done.resolve()
      else send()
    })
    return socket
  })
  await done.promise
  for (const socket of sockets) socket.destroy()
}

/** Where the first response of `text` ends; undefined while it is incomplete. */
function responseEnd(text: string): number | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd === -1) return undefined
  const length = /content-length: (\d+)/i.exec(text.slice(0, headEnd))
  if (length === null) throw new Error(`no content-length in ${text.slice(0, headEnd)}`)
  const end = headEnd + 4 + Number(length[1])
  return text.length < end ? undefined : end
}
