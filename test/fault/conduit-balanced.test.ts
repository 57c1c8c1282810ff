// Three web servers behind the balancer under the mix B, while servers die, hang and are replaced. Reads never fail;
// writes do not fail in planned changes; every route of Conduit's API that writes is declared idempotent, so its writes
// do not fail in crashes either and are applied once. Only when a balancer process dies must clients help themselves:
// they repeat what is safe, as browsers do, and writes that carry an Idempotency-Key. The seed is printed; PANDO_SEED repeats a run's choices.

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isRunning } from '../../src/base/process.ts'
import { freshSeed } from '../../src/base/random.ts'
import { startFleet, writeVersion, type Fleet, type Meanwhile } from './balanced/fleet.ts'
import { until } from '../support/until.ts'

const seed = process.env['PANDO_SEED'] ?? String(freshSeed())
// A hung server is killed after ten seconds without an answer.
const HUNG_WITHIN_MS = 30_000
const story: string[] = []
let fleet: Fleet

beforeAll(async () => {
  process.stdout.write(`balanced fleet with PANDO_SEED=${seed}\n`)
  fleet = await startFleet(seed)
}, 180_000)

afterAll(async () => {
  process.stdout.write(`${story.join('\n')}\n`)
  await fleet?.[Symbol.asyncDispose]()
})

/** Nobody noticed. */
function expectUnnoticed(what: string, { requests, failedReads, failedWrites, result }: Meanwhile): void {
  const { p99Ms, maxMs } = result.latency
  story.push(
    `${what}: ${requests} requests, ${failedReads.length + failedWrites.length} kinds of failure, p99 ${p99Ms} ms, max ${maxMs} ms`,
  )
  expect({ failedReads, failedWrites }).toEqual({ failedReads: [], failedWrites: [] })
  expect(requests).toBeGreaterThan(250)
}

const answered = async (path: string): Promise<string> => (await fetch(fleet.pando.url + path)).text()

describe('nobody notices', () => {
  test('a web server that is killed', async () => {
    const before = await fleet.member('web-2')

    const meanwhile = await fleet.during(async () => {
      await fleet.signal('web-2', 'SIGKILL')
      await fleet.whole(3)
    })

    expectUnnoticed('kill -9 of web-2', meanwhile)
    expect((await fleet.member('web-2')).pid).not.toBe(before.pid)
  })

  test('a web server that hangs', async () => {
    const meanwhile = await fleet.during(async () => {
      const hung = await fleet.signal('web-3', 'SIGSTOP')
      await until('the hung server is killed', HUNG_WITHIN_MS, () => !isRunning(hung))
      await fleet.whole(3)
    })

    expectUnnoticed('SIGSTOP of web-3', meanwhile)
  })

  test('a web server that is drained, and one that is put back', async () => {
    const meanwhile = await fleet.during(async () => {
      await fleet.pando.command('drain', 'web-2')
      const { detail } = await fleet.member('web-2')
      expect(detail).toContain('drained')
      await fleet.pando.command('drain', 'web-2', '--undo')
      await fleet.whole(3)
    })

    expectUnnoticed('drain of web-2 and back', meanwhile)
  })

  test('five web servers in place of three, and then two', async () => {
    const meanwhile = await fleet.during(async () => {
      await fleet.pando.command('scale', 'web=5')
      await fleet.whole(5)
      await fleet.pando.command('scale', 'web=2')
      await fleet.whole(2)
      await fleet.pando.command('scale', 'web=3')
      await fleet.whole(3)
    })

    expectUnnoticed('scale 5, 2, 3', meanwhile)
  })

  test('a new version of the application', async () => {
    writeVersion(fleet.appDir, 'two')

    const meanwhile = await fleet.during(async () => {
      const { stdout } = await fleet.pando.command('apply', '--app', fleet.appDir)
      story.push(stdout.trim().split('\n').at(-1)!)
      await fleet.whole(3)
    })

    expectUnnoticed('apply of a new version', meanwhile)
    expect(await Promise.all(Array.from({ length: 12 }, () => answered('/version')))).toEqual(
      Array.from({ length: 12 }, () => 'two'),
    )
  })

  test('three reloads of the balancer', async () => {
    const meanwhile = await fleet.during(async () => {
      for (let reload = 0; reload < 3; reload++) await fleet.pando.command('restart', 'balancer')
    })

    expectUnnoticed('three reloads', meanwhile)
  })

  test.each(['balancer-1', 'balancer-2'])(
    '%s, when it is killed three times and comes back',
    async (name) => {
      const backMs: number[] = []
      const killed = async (): Promise<void> => {
        const { pid: before } = await fleet.signal(name, 'SIGKILL')
        const tookMs = await until(`${name} is back`, 10_000, async () => {
          const { pid, state } = await fleet.member(name)
          return state === 'running' && pid !== before
        })
        backMs.push(Math.round(tookMs))
      }

      const meanwhile = await fleet.during(async () => {
        for (let kill = 0; kill < 3; kill++) await killed()
      }, 'sent')

      story.push(`${name} back after ${backMs.join(', ')} ms`)
      expectUnnoticed(`three kills of ${name}`, meanwhile)
    },
  )
})

test('what was acknowledged through all of it is there, once', async () => {
  const { checked, wrong } = await fleet.verify()

  story.push(`${fleet.writes.length} writes, ${checked} things checked, ${wrong.length} missing or doubled`)
  expect(wrong).toEqual([])
  expect(checked).toBeGreaterThan(50)
})
