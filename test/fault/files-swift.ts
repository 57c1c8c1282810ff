// A real S3-compatible server for a test: OpenStack Swift (Debian packages `swift-…`), as files-swift.py starts it, on
// loopback and in a temporary directory, with a bucket for each place that is asked for.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { systemClock } from '../../src/base/clock.ts'
import { s3Client, type S3Client, type S3Place } from '../../src/files/drivers/s3-client.ts'

export interface TestStore extends AsyncDisposable {
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string }
  /** Process id of the server; changes with every restart. */
  readonly pid: number
  /** What a driver needs for the bucket `name`. */
  place(name: string): S3Place
  /** Makes the bucket `name`, where it is missing, and gives plain requests to it. */
  bucket(name: string): Promise<S3Client>
  /** `kill -9`. */
  kill(): Promise<void>
  restart(): Promise<void>
}

const REGION = 'eu-test-1'
const credentials = { accessKeyId: 'test:tester', secretAccessKey: 'only-for-tests' }

/** @throws when the server cannot be started, with what it said */
export async function startTestStore(): Promise<TestStore> {
  const directory = await mkdtemp(join(tmpdir(), 'pando-swift-'))
  const port = await freePorts(4)
  let server = await start(directory, port)
  const place = (bucket: string): S3Place => ({
    url: `http://127.0.0.1:${port}`,
    bucket,
    region: REGION,
    credentials,
    timeoutMs: 10_000,
  })
  const kill = async (): Promise<void> => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const exited = once(server, 'exit')
    server.kill('SIGKILL')
    await exited
  }
  return {
    credentials,
    get pid() {
      return server.pid!
    },
    place,
    async bucket(name) {
      const client = s3Client(place(name), systemClock)
      await client.request({ operation: 'make a bucket', method: 'PUT', accept: [409] })
      return client
    },
    kill,
    async restart() {
      await kill()
      server = await start(directory, port)
    },
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

async function start(directory: string, port: number): Promise<ChildProcess> {
  const { accessKeyId, secretAccessKey } = credentials
  const script = join(import.meta.dirname, 'files-swift.py')
  // Debian's own Python, which has Swift's modules, and no other that comes first on the path.
  const child = spawn(
    '/usr/bin/python3',
    [script, directory, String(port), accessKeyId, secretAccessKey, REGION],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
  for await (const line of createInterface({ input: child.stdout })) if (line === 'ready') return child
  throw new Error(`Swift did not start: ${said}`)
}

// Below the ports that systems give to connections: one of these could take a port while the server is down.
const FIRST_PORT = 21_000
const PORTS = 10_000

/** The first of `count` ports in a row that nobody listens on. */
async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const first = FIRST_PORT + ((process.pid * 7 + attempt * count) % PORTS)
    const ports = await Promise.allSettled(Array.from({ length: count }, (_, index) => hold(first + index)))
    const held = ports.flatMap((port) => (port.status === 'fulfilled' ? [port.value] : []))
    await Promise.all(held.map((server) => once(server.close(), 'close')))
    if (held.length === count) return first
  }
  throw new Error(`no ${count} free ports in a row from ${FIRST_PORT} on`)
}

async function hold(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}
