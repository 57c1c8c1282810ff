// The load generator against real HTTP servers that behave well, stall, fail and disappear: what it reports must be
// what the server saw.

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { WriteRecord } from '../../src/load/acknowledged.ts'
import { parseStages } from '../../src/load/arrivals.ts'
import type { LoadRequest, Mix } from '../../src/load/mix.ts'
import type { LoadResult } from '../../src/load/result.ts'
import { prepareLoad, type PreparedLoad } from '../../src/load/run.ts'
import type { RunOptions } from '../../src/load/target.ts'

const SEED = 'conformance'
const opened: { close(): unknown }[] = []

afterEach(async () => {
  for (const each of opened.splice(0).toReversed()) await each.close()
})

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server: Server = createServer(handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push({
    close() {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const mixOf = (request: () => LoadRequest, rest: Partial<Mix> = {}): Mix => ({
  name: 'test',
  about: 'One call.',
  prepare: () => Promise.resolve(undefined),
  calls: { call: { percent: 100, request } },
  ...rest,
})

async function prepare(
  url: string,
  mix: Mix,
  limits: { maxInFlight?: number; timeoutMs?: number; retrySafe?: boolean } = {},
): Promise<PreparedLoad> {
  const load = await prepareLoad({
    url,
    mix,
    variables: {},
    seed: SEED,
    maxInFlight: 200,
    timeoutMs: 5_000,
    clock: systemClock,
    ...limits,
  })
  opened.push(load)
  return load
}

const get = (): LoadRequest => ({ method: 'GET', path: '/' })
const run = async (
  url: string,
  mix: Mix,
  options: Partial<RunOptions> & {
    rate?: string
    maxInFlight?: number
    timeoutMs?: number
    retrySafe?: boolean
  } = {},
): Promise<LoadResult> => {
  const { rate = '100', maxInFlight = 200, timeoutMs = 5_000, retrySafe = false, ...rest } = options
  const load = await prepare(url, mix, { maxInFlight, timeoutMs, retrySafe })
  return load.run({ stages: parseStages(rate, 1, 0), probeShare: 0, ...rest })
}

describe('a load run', () => {
  test('sends every arrival once and counts what came back', async () => {
    let served = 0
    const url = await serve((_, response) => {
      served++
      response.end('ok')
    })

    const result = await run(url, mixOf(get))

    expect(served).toBe(result.arrivals)
    expect(result).toMatchObject({
      ok: served,
      failed: 0,
      dropped: 0,
      skipped: 0,
      unfinished: 0,
      interrupted: false,
    })
    expect(result.latency.maxMs).toBeGreaterThan(0)
  })

  test('sends method, path below the path of the URL, headers and JSON body', async () => {
    const seen: unknown[] = []
    const url = await serve((request, response) => {
      let body = ''
      request.on('data', (chunk) => (body += chunk))
      request.on('end', () => {
        seen.push([
          request.method,
          request.url,
          request.headers['x-a'],
          request.headers['content-type'],
          body,
        ])
        response.end()
      })
    })

    await run(
      `${url}/base/`,
      mixOf(() => ({ method: 'PUT', path: '/a?b=1', headers: { 'x-a': '1' }, body: { c: 'ü' } })),
      { rate: '20' },
    )

    expect(seen[0]).toEqual(['PUT', '/base/a?b=1', '1', 'application/json', '{"c":"ü"}'])
  })

  test('counts failures by status and leaves their times out of the percentiles', async () => {
    let served = 0
    const url = await serve((_, response) => {
      response.statusCode = served++ % 2 === 0 ? 200 : 503
      response.end()
    })

    const result = await run(url, mixOf(get))

    expect(result.calls['call']!.errors).toEqual({ 503: Math.floor(served / 2) })
    expect(result.ok).toBe(Math.ceil(served / 2))
  })

  test('takes a status that the call expects for a right answer, and no other', async () => {
    const url = await serve((_, response) => response.writeHead(404).end())

    const expecting = await run(
      url,
      mixOf(() => ({ ...get(), expect: [404] })),
      { rate: '20' },
    )
    const not = await run(url, mixOf(get), { rate: '20' })

    expect(expecting.failed).toBe(0)
    expect(not.ok).toBe(0)
  })

  test('counts a connection that is reset', async () => {
    const url = await serve((request) => request.socket.resetAndDestroy())

    const result = await run(url, mixOf(get), { rate: '50' })

    expect(result.calls['call']!.errors).toEqual({ ECONNRESET: result.arrivals })
  })

  test('counts by method too', async () => {
    const url = await serve((request, response) => {
      response.statusCode = request.method === 'POST' ? 500 : 200
      response.end()
    })
    let turn = 0
    const alternating = (): LoadRequest => ({ method: turn++ % 2 === 0 ? 'GET' : 'POST', path: '/' })

    const { methods, arrivals } = await run(url, mixOf(alternating))

    expect(methods).toEqual({
      GET: { ok: Math.ceil(arrivals / 2), failed: 0, retried: 0, errors: {} },
      POST: {
        ok: 0,
        failed: Math.floor(arrivals / 2),
        retried: 0,
        errors: { 500: Math.floor(arrivals / 2) },
      },
    })
  })

  test('counts an answer that breaks off', async () => {
    const url = await serve((request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('half', () => request.socket.destroy())
    })

    const result = await run(url, mixOf(get), { rate: '50' })

    expect(result.calls['call']!.errors).toEqual({ ECONNRESET: result.arrivals })
  })

  test('counts a server that is not there', async () => {
    const url = await serve((_, response) => response.end())
    await opened.pop()!.close()

    const result = await run(url, mixOf(get), { rate: '50' })

    expect(result.calls['call']!.errors).toEqual({ ECONNREFUSED: result.arrivals })
  })

  test('gives up on an answer after the timeout', async () => {
    const url = await serve(() => {})

    const result = await run(url, mixOf(get), { rate: '20', timeoutMs: 100 })

    expect(result.calls['call']!.errors).toEqual({ timeout: result.arrivals })
    expect(result.calls['call']!.failedLatency.p50Ms).toBeGreaterThanOrEqual(99)
  })

  test('counts a stall for everybody who came during it', async () => {
    // From its 30th to its 70th request the server answers nobody: at 100 a second that takes 0.4 s.
    const held: ServerResponse[] = []
    let served = 0
    const url = await serve((_, response) => {
      served++
      if (served < 30 || served > 70) response.end()
      else held.push(response)
      if (served === 70) for (const waiting of held) waiting.end()
    })

    const result = await run(url, mixOf(get))

    expect(result.failed).toBe(0)
    expect(result.latency.maxMs).toBeGreaterThan(200)
    expect(result.latency.p90Ms).toBeGreaterThan(100)
  })

  test('drops arrivals at the bound of requests in flight and opens no more connections', async () => {
    const connections = new Set<unknown>()
    const url = await serve((request) => void connections.add(request.socket))

    const result = await run(url, mixOf(get), { maxInFlight: 10, timeoutMs: 3_000 })

    expect(result.dropped).toBe(result.arrivals - 10)
    expect(connections.size).toBe(10)
  })

  test('keeps its connections', async () => {
    const connections = new Set<unknown>()
    const url = await serve((request, response) => {
      connections.add(request.socket)
      response.end()
    })

    const result = await run(url, mixOf(get), { rate: '100' })

    expect(connections.size).toBeLessThan(result.arrivals / 2)
  })

  test('leaves the warm-up out of the counts and names it as a stage', async () => {
    let served = 0
    const url = await serve((_, response) => {
      served++
      response.end()
    })

    const result = await run(url, mixOf(get), { stages: parseStages('50,100', 1, 1) })

    expect(result.stages.map(({ measured, fromRate }) => [measured, fromRate])).toEqual([
      [false, 50],
      [true, 50],
      [true, 100],
    ])
    expect(result.stages.reduce((sum, stage) => sum + stage.arrivals, 0)).toBe(served)
    expect(result.ok).toBe(served - result.stages[0]!.arrivals)
  })

  test('that is interrupted gives a valid result of the part that ran', async () => {
    const interruption = new AbortController()
    let served = 0
    const url = await serve((_, response) => {
      served++
      if (served === 50) interruption.abort()
      response.end()
    })

    const result = await run(url, mixOf(get), {
      stages: parseStages('100', 600, 0),
      signal: interruption.signal,
    })

    expect(result).toMatchObject({ interrupted: true, ok: served, arrivals: served })
    expect(result.seconds).toBeLessThan(5)
  })

  test('ends with the error of a mix whose own code throws', async () => {
    const url = await serve((_, response) => response.end())
    const broken = mixOf(() => {
      throw new TypeError('no such thing')
    })

    await expect(run(url, broken)).rejects.toThrow('no such thing')
  })

  test('asks for the same things in the same order for the same seed', async () => {
    const paths: string[][] = []
    const url = await serve((request, response) => {
      paths.at(-1)!.push(request.url!)
      response.end()
    })
    const mix: Mix = mixOf(get, {
      calls: {
        call: { percent: 100, request: (_, random) => ({ method: 'GET', path: `/${random.integer(1e6)}` }) },
      },
    })

    for (const _ of [1, 2]) {
      paths.push([])
      await run(url, mix, { rate: '50' })
    }

    expect(paths[0]!.toSorted()).toEqual(paths[1]!.toSorted())
  })
})

describe('a run with retrySafe', () => {
  /** Breaks every second connection that it gets a request on, before or within the answer. */
  const breaking = (breakOff: (response: ServerResponse) => void): Promise<string> => {
    let served = 0
    return serve((_, response) => {
      if (served++ % 2 === 0) breakOff(response)
      else response.end('ok')
    })
  }
  const reset = (response: ServerResponse): void => void response.socket!.resetAndDestroy()
  const one = (method: LoadRequest['method']): Mix => mixOf(() => ({ method, path: '/' }))

  test.each(['GET', 'HEAD'] as const)(
    'sends a %s once more whose connection broke unanswered, and counts it',
    async (method) => {
      const url = await breaking(reset)

      // One at a time, so that every first attempt is broken and every second is not.
      const { ok, failed, retried, arrivals, methods } = await run(url, one(method), {
        retrySafe: true,
        rate: '20',
        maxInFlight: 1,
      })

      expect({ failed, retried }).toEqual({ failed: 0, retried: ok })
      expect(methods[method]!.retried).toBe(ok)
      expect(arrivals).toBeGreaterThan(5)
    },
  )

  test('sends a write with an Idempotency-Key once more, with the same key', async () => {
    const url = await breaking(reset)
    const keyed = mixOf(() => ({ method: 'POST', path: '/', headers: { 'idempotency-key': 'k' } }))

    const { ok, failed, retried } = await run(url, keyed, { retrySafe: true, rate: '20', maxInFlight: 1 })

    expect({ failed, retried }).toEqual({ failed: 0, retried: ok })
  })

  test('closes no other gap: writes, answers that have begun, and a second break are failures', async () => {
    const begun = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-length': '9' })
      response.write('half', () => response.socket!.destroy())
    }
    const always = await serve((_, response) => reset(response))

    const writing = await run(await breaking(reset), one('POST'), { retrySafe: true, maxInFlight: 1 })
    const halved = await run(await breaking(begun), one('GET'), { retrySafe: true, maxInFlight: 1 })
    const broken = await run(always, one('GET'), { retrySafe: true, rate: '20' })

    expect([writing.retried, halved.retried]).toEqual([0, 0])
    expect([writing.failed > 0, halved.failed > 0]).toEqual([true, true])
    expect(broken).toMatchObject({ ok: 0, failed: broken.arrivals, retried: broken.arrivals })
  })

  test('sends nothing twice by default', async () => {
    const { retried, failed } = await run(await breaking(reset), one('GET'), { maxInFlight: 1 })

    expect(retried).toBe(0)
    expect(failed).toBeGreaterThan(0)
  })
})

/** A register of numbers: `POST /N` writes, `GET /N` says `known` or `unknown`. */
async function serveRegister(
  visible: (number: string, reader: string | undefined) => boolean,
): Promise<string> {
  const known = new Set<string>()
  return serve((request, response) => {
    const number = request.url!.slice(1)
    if (request.method === 'POST') {
      known.add(number)
      response.writeHead(201).end()
    } else
      response.end(known.has(number) && visible(number, request.headers.authorization) ? 'known' : 'unknown')
  })
}

function registerMix(shows: (text: string) => boolean | 'twice' = (text) => text === 'known'): Mix {
  let number = 0
  return mixOf(
    () => {
      const mine = ++number
      return {
        method: 'POST',
        path: `/${mine}`,
        writes: `number ${mine}`,
        onAnswer: () => ({ key: `number ${mine}`, number: mine }),
      }
    },
    {
      readBack: (_, write) =>
        (['anonymous', 'writer'] as const).map((reader) => ({
          reader,
          path: `/${String(write['number'])}`,
          headers: reader === 'writer' ? { authorization: 'writer' } : {},
          shows: (answer) => shows(answer.text),
        })),
    },
  )
}

describe('the read-your-writes probe', () => {
  test('finds nothing stale where every reader sees every write', async () => {
    const url = await serveRegister(() => true)

    const { probe, acknowledgedWrites, ok } = await run(url, registerMix(), { probeShare: 1, rate: '50' })

    expect(acknowledgedWrites).toBe(ok)
    expect(probe).toMatchObject({ writes: ok, fresh: 2 * ok, stale: 0, failed: 0 })
  })

  test('counts exactly the readers who were given an older answer', async () => {
    const url = await serveRegister((number, reader) => reader === 'writer' || Number(number) % 2 === 0)

    const { probe, ok } = await run(url, registerMix(), { probeShare: 1, rate: '50' })

    expect(probe.stale).toBe(Math.ceil(ok / 2))
    expect(probe.staleBy).toEqual({ call: { anonymous: Math.ceil(ok / 2), writer: 0 } })
  })

  test('reads on connections of their own', async () => {
    const readers: unknown[] = []
    const url = await serve((request, response) => {
      if (request.method === 'GET') readers.push(request.socket)
      response.end('known')
    })

    await run(url, registerMix(), { probeShare: 1, rate: '30' })

    expect(new Set(readers).size).toBe(readers.length)
    expect(readers.length).toBeGreaterThan(10)
  })
})

describe('the record of acknowledged writes', () => {
  test('verifies against a server that kept them all', async () => {
    const url = await serveRegister(() => true)
    const records: WriteRecord[] = []
    const load = await prepare(url, registerMix())
    const { ok } = await load.run({
      stages: parseStages('50', 1, 0),
      probeShare: 0,
      onWrite: (record) => records.push(record),
    })

    expect(await load.verify(records)).toEqual({
      records: ok,
      checked: ok,
      unverifiable: 0,
      missing: [],
      duplicated: [],
      unreadable: [],
    })
  })

  test('names every write that a server has lost', async () => {
    const url = await serveRegister((number) => number !== '3')
    const records: WriteRecord[] = []
    const load = await prepare(url, registerMix())
    await load.run({
      stages: parseStages('50', 1, 0),
      probeShare: 0,
      onWrite: (record) => records.push(record),
    })

    const { missing } = await load.verify(records)

    expect(missing.map(({ write }) => write.key)).toEqual(['number 3'])
  })

  test('names every write that a server has applied twice', async () => {
    const url = await serveRegister(() => true)
    const records: WriteRecord[] = []
    let reads = 0
    const load = await prepare(
      url,
      registerMix(() => (reads++ === 0 ? 'twice' : true)),
    )
    await load.run({
      stages: parseStages('50', 1, 0),
      probeShare: 0,
      onWrite: (record) => records.push(record),
    })

    const { duplicated, missing } = await load.verify(records)

    expect([duplicated.length, missing.length]).toEqual([1, 0])
  })

  test('says of a write without an answer that its outcome is unknown', async () => {
    const url = await serve((request) => request.socket.destroy())
    const records: WriteRecord[] = []

    await run(url, registerMix(), { rate: '20', onWrite: (record) => records.push(record) })

    expect(new Set(records.map(({ outcome }) => outcome))).toEqual(new Set(['unknown']))
  })
})
