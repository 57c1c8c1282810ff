// A balancer in front of three web servers while servers and balancer processes die, hang, come and go. At least 3,000
// requests in each case, over kept connections; reads never fail, and writes do not fail in what is planned.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, crowd, type Crowd } from '../support/balancer/visitors.ts'
import { type BalancerFleet, startBalancerFleet } from '../support/balancer/fleet.ts'
import { until } from '../support/until.ts'

let fleet: BalancerFleet
const story: string[] = []

beforeAll(async () => {
  fleet = await startBalancerFleet({ idempotent: ['POST /orders/*'] })
}, 60_000)

afterAll(async () => {
  process.stdout.write(`${story.join('\n')}\n`)
  await fleet?.[Symbol.asyncDispose]()
})

const reading = (happens: () => Promise<unknown>): Promise<Crowd> => crowd({ port: fleet.port }, happens)
const writing = (path: string, happens: () => Promise<unknown>): Promise<Crowd> =>
  crowd({ port: fleet.port, method: 'POST', path }, happens)

/** Reads and writes beside each other while the same thing happens to both. */
async function both(happens: () => Promise<unknown>): Promise<Crowd[]> {
  const happened = Promise.withResolvers<unknown>()
  return await Promise.all([
    reading(() => {
      happened.resolve(happens())
      return happened.promise
    }),
    writing('/any', () => happened.promise),
  ])
}

function expectUnnoticed(what: string, crowds: readonly Crowd[]): void {
  story.push(
    `${what}: ${crowds.map(({ requests, failures }) => `${failures.length} of ${requests}`).join(', ')}`,
  )
  expect(crowds.flatMap(({ failures }) => failures)).toEqual([])
  expect(Math.min(...crowds.map(({ requests }) => requests))).toBeGreaterThanOrEqual(3_000)
}

const activeOf = async (name: string): Promise<number> =>
  (await fleet.route()).upstreams.find((upstream) => upstream.name === name)!.active

/** What a supervisor does with a server that is to be stopped. */
async function drain(name: string): Promise<void> {
  await fleet.wish({ [name]: 'drain' })
  await until(`${name} has nothing in work`, 5_000, async () => (await activeOf(name)) === 0)
  await fleet.wish({ [name]: 'out' })
  await fleet.signalWeb(name, 'SIGTERM')
}

async function bring(name: string): Promise<void> {
  await fleet.startWeb(name)
  await fleet.wish({ [name]: 'ready' })
}

describe('a web server', () => {
  test('that is killed costs no read', async () => {
    const seen = await reading(async () => {
      await fleet.signalWeb('web-2', 'SIGKILL')
      await fleet.wish({ 'web-2': 'out' })
      await bring('web-2')
    })

    expectUnnoticed('kill -9 of a web server, GET', [seen])
  })

  test('that is killed costs no write that is declared idempotent, and each comes with one id', async () => {
    const before = fleet.came.length

    const seen = await writing('/orders/1', async () => {
      await fleet.signalWeb('web-3', 'SIGKILL')
      await fleet.wish({ 'web-3': 'out' })
      await bring('web-3')
    })

    expectUnnoticed('kill -9 of a web server, declared POST', [seen])
    // One that was repeated came twice with the same id; none came with two. The web servers tell it a moment late.
    const ids = (): Set<string> => new Set(fleet.came.slice(before).map(({ id }) => id))
    await until('all are told', 5_000, () => ids().size >= seen.requests)
    expect(ids().size).toBe(seen.requests)
  })

  test('that hangs and is killed for it costs no read', async () => {
    const seen = await reading(async () => {
      await fleet.signalWeb('web-1', 'SIGSTOP')
      await until('requests hang in it', 5_000, async () => (await activeOf('web-1')) > 0)
      await fleet.signalWeb('web-1', 'SIGKILL')
      await fleet.wish({ 'web-1': 'out' })
      await bring('web-1')
    })

    expectUnnoticed('SIGSTOP and kill -9 of a web server, GET', [seen])
  })

  test('that is drained and stopped costs no request at all', async () => {
    const seen = await both(async () => {
      await drain('web-2')
      await bring('web-2')
    })

    expectUnnoticed('drain of a web server, GET and POST', seen)
  })

  test('takes a slot that another had, and a new one takes the free slot, without a failed request', async () => {
    const seen = await both(async () => {
      await bring('web-4')
      await drain('web-1')
      await bring('web-1')
      await drain('web-4')
    })

    expectUnnoticed('slot reuse, GET and POST', seen)
    expect(seen[0]!.servers).toContain('web-4')
  })

  test('that runs gets no request before it is wished ready', async () => {
    await fleet.startWeb('web-4')

    const seen = await crowd({ port: fleet.port, requests: 500 }, () => fleet.route())

    expect([...seen.servers].toSorted()).toEqual(['web-1', 'web-2', 'web-3'])
    await fleet.signalWeb('web-4', 'SIGTERM')
  })

  test('that says it is not ready gets no request any more', async () => {
    fleet.order('web-1', { ready: false })
    await until('the checks have seen it', 5_000, async () => {
      const { servers } = await crowd({ port: fleet.port, requests: 50 }, () => Promise.resolve())
      return !servers.has('web-1')
    })

    const seen = await reading(() => Promise.resolve())

    expectUnnoticed('a web server that is not ready, GET', [seen])
    expect(seen.servers).not.toContain('web-1')
    fleet.order('web-1', { ready: true })
  })
})

test('web servers that are all busy for longer than four checks stay in service', async () => {
  const seen = await crowd({ port: fleet.port, requests: 500 }, () => {
    for (const name of ['web-1', 'web-2', 'web-3']) fleet.order(name, { blockMs: 1_000 })
    return fleet.route()
  })

  expect(seen.failures).toEqual([])
})

describe('a balancer process', () => {
  test('is reloaded three times without a failed request', async () => {
    const seen = await both(async () => {
      for (let reload = 0; reload < 3; reload++) await fleet.reload()
    })

    expectUnnoticed('three reloads, GET and POST', seen)
  })

  test.each(['balancer-1', 'balancer-2'])(
    'that is killed, %s, costs no read of a visitor who asks again, and is back in under a second',
    async (name) => {
      let backMs = Number.POSITIVE_INFINITY

      const seen = await crowd({ port: fleet.port, repeats: true }, async () => {
        await fleet.killBalancer(name)
        backMs = await fleet.startBalancer(name)
      })

      story.push(`${name} back after ${Math.round(backMs)} ms; ${seen.askedAgain} reads were asked again`)
      expectUnnoticed(`kill -9 of ${name}, GET`, [seen])
      expect(backMs).toBeLessThan(1_000)
      // It began with the servers that were in service: nothing is left to be told.
      const { upstreams } = await fleet.route()
      expect(upstreams.slice(0, 3).map(({ carriedOut }) => carriedOut)).toEqual(['ready', 'ready', 'ready'])
    },
  )
})

test('what fails in a process that a reload replaced is counted with it', async () => {
  await using own = await startBalancerFleet({ servers: 2, balancer: { processes: 1 } })
  const { port } = own
  // Keeps the old process alive.
  const events = await fetch(`http://127.0.0.1:${port}/events`)
  const { upstreams } = await own.route()
  const other = upstreams.find(({ active }) => active === 0)!.name
  const lost = ask({ port, method: 'POST', path: '/?waitMs=60000' })
  await until('the write came', 10_000, () => own.came.some(({ url }) => url === '/?waitMs=60000'))
  const [before] = (await own.route()).fronts!

  await own.reload()
  await own.signalWeb(other, 'SIGKILL')
  expect((await lost).status).toBe(502)

  const { fronts } = await own.route()
  await events.body!.cancel()
  expect(fronts).toHaveLength(2)
  expect(fronts!.find(({ counting }) => counting === before!.counting)).toMatchObject({
    name: 'balancer-1',
    requests: 2,
    failed: 1,
  })
})

test('a write that is not declared is never sent twice', async () => {
  const before = fleet.came.length

  const seen = await writing('/any', async () => {
    await fleet.signalWeb('web-2', 'SIGKILL')
    await fleet.wish({ 'web-2': 'out' })
    await bring('web-2')
  })

  const came = fleet.came.slice(before).map(({ id }) => id)
  story.push(`kill -9 of a web server, undeclared POST: ${seen.failures.length} of ${seen.requests}`)
  expect(new Set(came).size).toBe(came.length)
  // What was in work in the server that died, and nothing else.
  expect(seen.failures.length).toBeLessThanOrEqual(12)
})
