// Processes are killed with -9 in every combination; what must hold is told by looking from outside.

import { describe, expect, onTestFailed, test } from 'vitest'
import { isRunning, signalProcess } from '../../src/base/process.ts'
import { freshSeed, seededRandom } from '../../src/base/random.ts'
import { until } from '../support/until.ts'
import { STORE_AND_WEBS, TestInstallation } from './supervisor/installation.ts'

describe('supervision under kill -9', () => {
  test('a member that is killed is started again and the others are left alone', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)
    const before = await installation.servedBy('web-2')

    signalProcess(installation.processOf('store')!, 'SIGKILL')
    await until('whole again', 15_000, () => installation.isWhole(STORE_AND_WEBS))

    expect(await installation.member('store')).toMatchObject({ restarts: 1, state: 'running' })
    expect(await installation.servedBy('web-2')).toBe(before)
  })

  test('a supervisor that is killed is replaced, the members run on, and their restarts are remembered', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)
    signalProcess(installation.processOf('web-1')!, 'SIGKILL')
    await until('whole again', 15_000, () => installation.isWhole(STORE_AND_WEBS))
    const supervisor = installation.role('supervisor')!
    const pids = (await installation.status()).members.map(({ pid }) => pid)

    signalProcess(supervisor, 'SIGKILL')
    await until(
      'a new supervisor',
      15_000,
      () => ![undefined, supervisor.pid].includes(installation.role('supervisor')?.pid),
    )
    await until('whole again', 15_000, () => installation.isWhole(STORE_AND_WEBS))

    const { members } = await installation.status()
    expect(members.map(({ pid }) => pid)).toEqual(pids)
    expect(members.map(({ restarts }) => restarts)).toEqual([0, 1, 0])
  })

  test('a watchdog in the foreground that is killed is replaced by one without a terminal', async () => {
    await using installation = new TestInstallation()
    const { child, ended } = installation.up(STORE_AND_WEBS)
    await until('whole', 15_000, () => installation.isWhole(STORE_AND_WEBS))
    const supervisor = installation.role('supervisor')

    child.kill('SIGKILL')
    await ended
    await until('whole again', 15_000, () => installation.isWhole(STORE_AND_WEBS))

    expect(installation.role('supervisor')).toEqual(supervisor)
    expect(installation.role('watchdog')?.pid).not.toBe(child.pid)
  })

  test('any process killed at random, ten times, needs no hand and leaves no process too many', async () => {
    const seed = freshSeed()
    onTestFailed(() => console.error(`seed ${seed}`))
    const random = seededRandom(seed)
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)
    const victims = ['supervisor', 'watchdog', 'store', 'web-1', 'web-2'] as const
    const find = (name: string) =>
      name === 'supervisor' || name === 'watchdog' ? installation.role(name) : installation.processOf(name)

    for (let kill = 0; kill < 10; kill++) {
      const victim = find(victims[random.integer(victims.length)]!)!
      signalProcess(victim, 'SIGKILL')
      // Until it is gone it looks alive, and the next kill could then take supervisor and watchdog at once.
      await until(`kill ${kill} has its effect`, 15_000, () => !isRunning(victim))
      await until(`whole again after kill ${kill}`, 15_000, () => installation.isWhole(STORE_AND_WEBS))
    }

    expect((await installation.pando('down')).status).toBe(0)
    expect(installation.marked()).toEqual([])
  })

  test('several processes killed within moments, whole or not, end in the same whole', async () => {
    const seed = freshSeed()
    onTestFailed(() => console.error(`seed ${seed}`))
    const random = seededRandom(seed)
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)

    for (let kill = 0; kill < 12; kill++) {
      const all = [
        installation.role('supervisor'),
        ...['store', 'web-1', 'web-2'].map((name) => installation.processOf(name)),
      ]
      const running = all.filter((identity) => identity !== undefined)
      for (const victim of running.slice(random.integer(running.length + 1))) signalProcess(victim, 'SIGKILL')
      await until('moments', 15_000, async () => random.next() < 0.2)
    }
    await until('whole again', 40_000, () => installation.isWhole(STORE_AND_WEBS))

    expect((await installation.pando('down')).status).toBe(0)
    expect(installation.marked()).toEqual([])
  })

  test('members serve on when supervisor and watchdog are killed at once, and the next up adopts them', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)
    const before = await Promise.all(STORE_AND_WEBS.map(({ name }) => installation.servedBy(name)))
    signalProcess(installation.role('watchdog')!, 'SIGSTOP')
    signalProcess(installation.role('supervisor')!, 'SIGKILL')
    signalProcess(installation.role('watchdog')!, 'SIGKILL')
    await until('unwatched', 15_000, () => installation.role('watchdog') === undefined)

    const status = await installation.pando('status')
    const up = await installation.upDetached(STORE_AND_WEBS)

    expect(status).toMatchObject({ status: 3, output: expect.stringContaining('runs without a supervisor') })
    expect(up).toMatchObject({ status: 0, output: expect.stringContaining('was running already') })
    expect(await Promise.all(STORE_AND_WEBS.map(({ name }) => installation.servedBy(name)))).toEqual(before)
  })

  test('the next up restarts an adopted member whose specification changed and stops one that is not wanted', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)
    const before = await installation.servedBy('store')
    const changed = await installation.servedBy('web-1')
    signalProcess(installation.role('watchdog')!, 'SIGSTOP')
    signalProcess(installation.role('supervisor')!, 'SIGKILL')
    signalProcess(installation.role('watchdog')!, 'SIGKILL')
    await until('unwatched', 15_000, () => installation.role('watchdog') === undefined)

    const wanted = [STORE_AND_WEBS[0]!, { name: 'web-1', mode: 'parent', after: ['store'] }]
    await installation.upDetached(wanted)

    expect(await installation.servedBy('store')).toBe(before)
    expect(await installation.servedBy('web-1')).not.toBe(changed)
    await until('web-2 is gone', 15_000, () => installation.processOf('web-2') === undefined)
    expect(installation.stops().toSorted()).toEqual(['web-1', 'web-2'])
  })

  test('down stops what a killed supervisor and watchdog left, in reverse order, and is idempotent', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)
    signalProcess(installation.role('watchdog')!, 'SIGSTOP')
    signalProcess(installation.role('supervisor')!, 'SIGKILL')
    signalProcess(installation.role('watchdog')!, 'SIGKILL')
    await until('unwatched', 15_000, () => installation.role('watchdog') === undefined)

    const first = await installation.pando('down')
    const second = await installation.pando('down')

    expect(first).toMatchObject({ status: 0, output: expect.stringContaining('Stopped in') })
    expect(installation.stops().at(-1)).toBe('store')
    expect(installation.marked()).toEqual([])
    expect(second).toMatchObject({ status: 0, output: expect.stringContaining('Nothing runs') })
  })

  test('everything killed at once comes back with the next up', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)
    signalProcess(installation.role('watchdog')!, 'SIGSTOP')
    signalProcess(installation.role('supervisor')!, 'SIGKILL')
    for (const { name } of STORE_AND_WEBS) signalProcess(installation.processOf(name)!, 'SIGKILL')
    signalProcess(installation.role('watchdog')!, 'SIGKILL')
    await until(
      'all gone',
      15_000,
      () => installation.role('watchdog') === undefined && installation.marked().length === 0,
    )

    const up = await installation.upDetached(STORE_AND_WEBS)

    expect(up.status).toBe(0)
    expect(await installation.isWhole(STORE_AND_WEBS)).toBe(true)
  })
})
