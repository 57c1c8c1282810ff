import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { MemberContext, MemberSpec } from '../../src/base/member.ts'
import type { RouteReport, UpstreamWish } from '../../src/base/route.ts'
import { webProcess } from '../../src/web/members.ts'
import { controlSocketOf } from '../../src/web/server/ask-control.ts'
import { sharedPort } from '../../src/web/shared-port-router.ts'
import { until } from '../support/until.ts'
import { freePort } from '../support/free-port.ts'
import { rawConnection } from '../support/web.ts'
import { memberContext, startMember, webSpecs, whoAnswers } from '../support/web-member.ts'

const dir = mkdtempSync(join(tmpdir(), 'pando-port-'))
afterAll(() => rmSync(dir, { recursive: true }))

const WAIT_MS = 10_000
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

interface Fleet {
  readonly port: number
  readonly specs: readonly MemberSpec[]
  readonly context: MemberContext
  /** Tells the members, in their order, and gives what is so then. */
  route(...wishes: UpstreamWish[]): Promise<RouteReport>
  /** As `route`, again and again until all that is wished is carried out. */
  settle(...wishes: UpstreamWish[]): Promise<RouteReport>
}

let fleets = 0
async function newFleet(count: number): Promise<Fleet> {
  const port = await freePort()
  const context = memberContext(join(dir, `data-${++fleets}`))
  const specs = webSpecs(dir, { port }, count)
  const route = (...wishes: UpstreamWish[]): Promise<RouteReport> =>
    sharedPort.route(
      [],
      specs.map((spec, index) => ({ spec, wish: wishes[index]! })),
      context,
    )
  return {
    port,
    specs,
    context,
    route,
    async settle(...wishes) {
      await until('the wishes are carried out', WAIT_MS, async () => {
        const { upstreams } = await route(...wishes)
        return upstreams.every(({ carriedOut }, index) => carriedOut === wishes[index])
      })
      return route(...wishes)
    },
  }
}

describe.runIf(process.platform === 'linux')('on a shared port, a web process', () => {
  test.each<UpstreamWish>(['drain', 'out'])('with the wish %s gets no new visitors', async (wish) => {
    const fleet = await newFleet(2)
    await using one = await startMember(fleet.specs[0]!, fleet.context)
    await using _two = await startMember(fleet.specs[1]!, fleet.context)

    await fleet.settle('ready', 'ready')
    const { upstreams } = await fleet.settle('ready', wish)

    expect(upstreams.map(({ carriedOut }) => carriedOut)).toEqual(['ready', wish])
    const answered = new Set<number>()
    for (let visits = 0; visits < 40; visits++) answered.add(await whoAnswers(fleet.port))
    expect([...answered]).toEqual([one.pid])
  })

  test('that is drained finishes what it has, and lets the connection go', async () => {
    const fleet = await newFleet(1)
    await using started = await startMember(fleet.specs[0]!, fleet.context)
    using held = await rawConnection(fleet.port)
    const arrived = once(started.child, 'message')
    held.send('GET /hold HTTP/1.1\r\nHost: a\r\n\r\n')
    await arrived

    const during = await fleet.settle('drain')
    started.child.send('release')
    const answer = await held.ended()
    const after = await fleet.settle('drain')

    expect(during.upstreams[0]!.active).toBe(1)
    expect(answer).toMatch(/connection: close/i)
    expect(answer).toContain(String(started.pid))
    expect(after.upstreams[0]!.active).toBe(0)
  })

  test('that is drained closes idle connections and tells WebSockets why', async () => {
    const fleet = await newFleet(1)
    await using _started = await startMember(fleet.specs[0]!, fleet.context)
    using idle = await rawConnection(fleet.port)
    idle.send(GET)
    await idle.until(/\r\n\r\n\d+$/)
    using upgraded = await rawConnection(fleet.port)
    upgraded.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
    await upgraded.until(/101 /)
    const before = await fleet.settle('ready')

    await fleet.settle('drain')

    await idle.ended()
    expect(await upgraded.ended()).toMatch(/draining$/)
    expect(before.upstreams[0]!.active).toBe(1)
    expect(before.requests).toBe(2)
  })

  test('that is drained is alive and ready to come back, and comes back when it is told to', async () => {
    const fleet = await newFleet(1)
    await using started = await startMember(fleet.specs[0]!, fleet.context)
    await fleet.settle('ready')
    await fleet.settle('out')

    const drained = await webProcess.probe(fleet.specs[0]!, fleet.context)
    await fleet.settle('ready')

    expect(drained).toMatchObject({
      ready: true,
      detail: expect.stringContaining('takes no connections') as string,
    })
    expect(await whoAnswers(fleet.port)).toBe(started.pid)
  })

  test('that is out stays out when it crashes and is started again', async () => {
    const fleet = await newFleet(1)
    const crashed = await startMember(fleet.specs[0]!, fleet.context)
    await fleet.settle('ready')
    await fleet.settle('out')
    crashed.child.kill('SIGKILL')
    await once(crashed.child, 'exit')

    await using again = await startMember(fleet.specs[0]!, fleet.context)

    await expect(whoAnswers(fleet.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await fleet.settle('ready')
    expect(await whoAnswers(fleet.port)).toBe(again.pid)
  })

  test('that was out and is stopped in order listens at once when it is started again', async () => {
    const fleet = await newFleet(1)
    const stopped = await startMember(fleet.specs[0]!, fleet.context)
    await fleet.settle('ready')
    await fleet.settle('out')
    await stopped[Symbol.asyncDispose]()

    await using again = await startMember(fleet.specs[0]!, fleet.context)

    expect(await whoAnswers(fleet.port)).toBe(again.pid)
  })

  test('that cannot have its port back has the wish not carried out, and goes on', async () => {
    const fleet = await newFleet(1)
    await using _started = await startMember(fleet.specs[0]!, fleet.context)
    await fleet.settle('ready')
    await fleet.settle('out')
    const other = createServer().listen(fleet.port, '127.0.0.1')
    await once(other, 'listening')

    const { upstreams } = await fleet.route('ready')

    expect(upstreams[0]!.carriedOut).toBeUndefined()
    expect((await webProcess.probe(fleet.specs[0]!, fleet.context)).ready).toBe(true)
    other.close()
    await once(other, 'close')
    expect((await fleet.settle('ready')).upstreams[0]!.carriedOut).toBe('ready')
  })

  test('that was never in service is only just starting, and the wish out leaves it alone', async () => {
    const fleet = await newFleet(1)
    await using started = await startMember(fleet.specs[0]!, fleet.context)

    const { upstreams } = await fleet.route('out')

    expect(upstreams[0]!.carriedOut).toBeUndefined()
    expect(await whoAnswers(fleet.port)).toBe(started.pid)
  })

  test('that does not run gets nothing, and is not ready either', async () => {
    const fleet = await newFleet(2)

    const { upstreams } = await fleet.route('ready', 'out')

    expect(upstreams.map(({ carriedOut }) => carriedOut)).toEqual([undefined, 'out'])
  })

  test('takes orders only of its own user', async () => {
    const fleet = await newFleet(1)
    await using _started = await startMember(fleet.specs[0]!, fleet.context)

    const { mode } = statSync(controlSocketOf('web-1', fleet.context.installation))

    expect(mode & 0o777).toBe(0o600)
  })

  test('is stopped while it is out as while it serves', async () => {
    const fleet = await newFleet(1)
    const { child } = await startMember(fleet.specs[0]!, fleet.context)
    await fleet.settle('ready')
    await fleet.settle('out')

    child.kill('SIGTERM')

    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('of another installation is not taken for one that makes room', async () => {
    const fleet = await newFleet(2)
    await using _one = await startMember(fleet.specs[0]!, fleet.context)
    await fleet.route('ready', 'ready')
    await fleet.settle('out', 'out')
    const other = createServer().listen({ port: fleet.port, host: '127.0.0.1', reusePort: true })
    await once(other, 'listening')

    const attempt = webProcess.prepare(fleet.specs[1]!, fleet.context)

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_PORT_IN_USE' })
    other.close()
  })
})
