// Live changes of real processes: visitors ask all the while, and whoever is killed, none of them fails.

import { describe, expect, onTestFailed, test } from 'vitest'
import { isRunning, signalProcess } from '../../src/base/process.ts'
import { freshSeed, seededRandom } from '../../src/base/random.ts'
import type { ChangeReport, ChangeRequest } from '../../src/supervisor/change.ts'
import { askChange, askReport } from '../../src/supervisor/control.ts'
import { until } from '../support/until.ts'
import { socketOf } from './supervisor/engines.ts'
import { frontedPlan, type FrontedSource } from './supervisor/fronted.ts'
import { TestInstallation } from './supervisor/installation.ts'
import { Visitors } from './supervisor/visitors.ts'

class Site extends TestInstallation {
  async start(change: Partial<FrontedSource> = {}): Promise<Visitors> {
    const { status, output } = await this.upDetached(frontedPlan(change))
    expect(status, output).toBe(0)
    return new Visitors(socketOf(this.at, 'front-1'))
  }

  async begin(request: ChangeRequest): Promise<string> {
    return (await askChange(this.at, request)).id
  }

  /** The change's report when it is over. */
  async change(request: ChangeRequest): Promise<ChangeReport> {
    return this.over(await this.begin(request))
  }

  async over(id: string): Promise<ChangeReport> {
    let report: ChangeReport | null = null
    await until('the change is over', 60_000, async () => {
      report = (await askReport(this.at)).change
      return report?.id === id && !['running', 'rolling back'].includes(report.state)
    })
    return report!
  }

  async names(): Promise<string[]> {
    return (await this.status()).members.map(({ name }) => name)
  }

  pids(...names: readonly string[]): Promise<number[]> {
    return Promise.all(names.map((name) => this.servedBy(name)))
  }

  /** Kills the supervisor and waits for the next one. */
  async killSupervisor(): Promise<void> {
    const supervisor = this.role('supervisor')!
    signalProcess(supervisor, 'SIGKILL')
    await until('another supervisor', 15_000, async () => {
      return !isRunning(supervisor) && (await askReport(this.at)).pid !== supervisor.pid
    })
  }
}

const WEBS = ['web-1', 'web-2', 'web-3'] as const
const apply = (change: Partial<FrontedSource>): ChangeRequest => ({
  kind: 'apply',
  plan: frontedPlan(change),
})

describe('a live change', () => {
  test('another number of members comes and goes without a failed request', async () => {
    await using site = new Site()
    await using visitors = await site.start()
    const before = await site.pids(...WEBS)

    const more = await site.change({ kind: 'scale', tier: 'web', count: 5 })
    const atFive = await site.names()
    const fewer = await site.change({ kind: 'scale', tier: 'web', count: 2 })

    expect(more).toMatchObject({ state: 'done', done: 2, of: 2, failedRequests: 0 })
    expect(atFive).toEqual(['store', 'front-1', 'web-1', 'web-2', 'web-3', 'web-4', 'web-5'])
    expect(fewer).toMatchObject({ state: 'done', done: 3, of: 3, failedRequests: 0 })
    expect(fewer.requests).toBeGreaterThan(0)
    expect(await site.names()).toEqual(['store', 'front-1', 'web-1', 'web-2'])
    expect(await site.pids('web-1', 'web-2')).toEqual(before.slice(0, 2))
    expect(visitors.failures).toEqual([])
  })

  test('another version replaces every member, one after the other', async () => {
    await using site = new Site()
    await using visitors = await site.start()
    const before = await site.pids(...WEBS)
    const store = await site.servedBy('store')

    const report = await site.change(apply({ version: 2 }))

    expect(report).toMatchObject({ state: 'done', done: 3, of: 3, failedRequests: 0 })
    const after = await site.pids(...WEBS)
    expect(after.filter((pid) => before.includes(pid))).toEqual([])
    expect(await site.names()).toEqual(['store', 'front-1', ...WEBS])
    expect(await site.servedBy('store')).toBe(store)
    expect(visitors.failures).toEqual([])
  })

  test('a version that does not start is taken back, with the end of its log, and nothing else is touched', async () => {
    await using site = new Site()
    await using visitors = await site.start()
    const before = await site.pids(...WEBS)

    const report = await site.change(apply({ version: 2, mode: 'crash' }))

    expect(report).toMatchObject({
      state: 'rolled back',
      failedRequests: 0,
      failure: { code: 'SUPERVISOR_MEMBER_FAILED', member: 'web-4' },
    })
    expect(report.failure!.lines).toContain('no more cheese')
    expect(await site.pids(...WEBS)).toEqual(before)
    expect(await site.names()).toEqual(['store', 'front-1', ...WEBS])
    expect(visitors.failures).toEqual([])
  })

  test('a restart gives every member a new process, and one that passes requests on takes up its files', async () => {
    await using site = new Site()
    await using visitors = await site.start()
    const before = await site.pids(...WEBS)
    const front = site.processOf('front-1')

    const webs = await site.change({ kind: 'restart', tier: 'web' })
    const fronts = await site.change({ kind: 'restart', tier: 'front' })

    expect([webs.state, fronts.state]).toEqual(['done', 'done'])
    expect((await site.pids(...WEBS)).filter((pid) => before.includes(pid))).toEqual([])
    expect(site.processOf('front-1')).toEqual(front)
    expect(visitors.failures).toEqual([])
  })

  test('a configuration that the front refuses is not wanted any more, and the front serves on', async () => {
    await using site = new Site()
    await using visitors = await site.start()
    const front = site.processOf('front-1')

    const refused = await site.change(apply({ config: 'bad' }))
    const taken = await site.change(apply({ config: 'better' }))

    expect(refused).toMatchObject({ state: 'rolled back', failure: { member: 'front-1' } })
    expect(taken).toMatchObject({ state: 'done', done: 1, of: 1 })
    expect(site.processOf('front-1')).toEqual(front)
    expect(visitors.failures).toEqual([])
  })
})

describe('a drained member', () => {
  test('gets no requests, has a stand-in, and both outlive the supervisor', async () => {
    await using site = new Site()
    await using visitors = await site.start()
    const drained = await site.servedBy('web-2')

    const drain = await site.change({ kind: 'drain', member: 'web-2' })
    await site.killSupervisor()
    await until('it is drained again', 15_000, async () =>
      (await site.member('web-2')).detail.endsWith('drained'),
    )

    expect(drain).toMatchObject({ state: 'done', failedRequests: 0 })
    expect(await site.names()).toEqual(['store', 'front-1', ...WEBS, 'web-4'])
    expect(await site.servedBy('web-2')).toBe(drained)
    expect((await site.member('web-4')).detail).toContain('in service')

    const restore = await site.change({ kind: 'restore', member: 'web-2' })

    expect(restore).toMatchObject({ state: 'done', failedRequests: 0 })
    expect(await site.names()).toEqual(['store', 'front-1', ...WEBS])
    expect((await site.member('web-2')).detail).toContain('in service')
    expect(visitors.failures).toEqual([])
  })
})

describe('a change that is interrupted', () => {
  test('goes on under the next supervisor, wherever the last one was killed', async () => {
    const seed = freshSeed()
    onTestFailed(() => console.error(`seed ${seed}`))
    const random = seededRandom(seed)
    await using site = new Site()
    await using visitors = await site.start()
    const before = await site.pids(...WEBS)

    const id = await site.begin(apply({ version: 2 }))
    for (let kill = 0; kill < 4; kill++) {
      const seen = visitors.answered + random.integer(150)
      await until('visitors come', 15_000, () => visitors.answered > seen)
      await site.killSupervisor()
    }
    const report = await site.over(id)

    expect(report).toMatchObject({ state: 'done', failedRequests: 0 })
    expect((await site.pids(...WEBS)).filter((pid) => before.includes(pid))).toEqual([])
    expect(await site.names()).toEqual(['store', 'front-1', ...WEBS])
    expect(visitors.failures).toEqual([])
  })

  test('is taken back under the next supervisor too, when it fails', async () => {
    await using site = new Site()
    await using visitors = await site.start()
    const before = await site.pids(...WEBS)

    const id = await site.begin(apply({ version: 2, mode: 'refuse' }))
    await until('the new one is there', 15_000, async () => (await site.names()).includes('web-4'))
    await site.killSupervisor()
    const report = await site.over(id)

    expect(report).toMatchObject({ state: 'rolled back', failedRequests: 0 })
    expect(await site.pids(...WEBS)).toEqual(before)
    expect(visitors.failures).toEqual([])
  })

  test('ends when everything is stopped, and leaves no process', async () => {
    await using site = new Site()
    const visitors = await site.start()
    await visitors[Symbol.asyncDispose]()
    await site.begin(apply({ version: 2 }))
    await until('the new one is there', 15_000, async () => (await site.names()).includes('web-4'))

    const { status } = await site.pando('down')

    expect(status).toBe(0)
    expect(site.marked()).toEqual([])
    expect(site.stops().indexOf('front-1')).toBeLessThan(site.stops().indexOf('web-4'))
    expect(site.stops().at(-1)).toBe('store')
  })

  test('a member that is killed meanwhile comes back, and the change is done all the same', async () => {
    await using site = new Site()
    await using _visitors = await site.start()

    const id = await site.begin(apply({ version: 2 }))
    await until('the new one is there', 15_000, async () => (await site.names()).includes('web-4'))
    signalProcess(site.processOf('web-3')!, 'SIGKILL')
    const report = await site.over(id)

    expect(report.state).toBe('done')
    expect(await site.names()).toEqual(['store', 'front-1', ...WEBS])
  })
})

describe('a change that cannot be', () => {
  test('is refused before anything is done, with the reason', async () => {
    await using site = new Site()
    await using _visitors = await site.start()
    const refusal = (request: ChangeRequest) => expect(askChange(site.at, request)).rejects.toMatchObject

    await refusal({ kind: 'drain', member: 'wep-1' })({
      code: 'SUPERVISOR_UNKNOWN_MEMBER',
      details: { nearest: 'web-1' },
    })
    await refusal({ kind: 'drain', member: 'store' })({ code: 'SUPERVISOR_NOT_ROUTED' })
    await refusal({ kind: 'restore', member: 'web-1' })({ code: 'SUPERVISOR_NOT_DRAINED' })
    await refusal({ kind: 'scale', tier: 'web', count: 8 })({ code: 'SUPERVISOR_SCALE_LIMIT' })
    await refusal({ kind: 'scale', tier: 'web', count: 0 })({ code: 'SUPERVISOR_SCALE_LIMIT' })
    await refusal({ kind: 'restart', tier: 'store' })({ code: 'SUPERVISOR_CHANGE_NEEDS_RESTART' })
    await refusal(apply({ store: 2 }))({
      code: 'SUPERVISOR_CHANGE_NEEDS_RESTART',
      details: { members: ['store'] },
    })
    await refusal({ kind: 'nothing' } as never)({ code: 'SUPERVISOR_CHANGE_INVALID' })
    await refusal({ kind: 'drain', member: 'w'.repeat(1024 * 1024) })({ code: 'SUPERVISOR_CHANGE_INVALID' })

    const id = await site.begin({ kind: 'restart', tier: 'web' })
    await refusal({ kind: 'restart', tier: 'web' })({ code: 'SUPERVISOR_CHANGE_UNDER_WAY' })
    expect((await site.over(id)).state).toBe('done')
  })

  test('that nobody can make sense of is refused, and the supervisor goes on', async () => {
    await using site = new Site()
    await using _visitors = await site.start()
    const { pid } = await askReport(site.at)
    const plan = { ...frontedPlan({}), enginesModule: '/nowhere/engines.ts' }

    const lost = askChange(site.at, { kind: 'apply', plan })
    await expect(lost).rejects.toMatchObject({
      code: 'SUPERVISOR_CHANGE_INVALID',
      details: { reason: expect.stringContaining('/nowhere/engines.ts') },
    })
    const half = askChange(site.at, { kind: 'scale' } as unknown as ChangeRequest)
    await expect(half).rejects.toMatchObject({ code: 'SUPERVISOR_CHANGE_INVALID' })

    expect(await askReport(site.at)).toMatchObject({ pid, reached: true, change: null })
  })
})
