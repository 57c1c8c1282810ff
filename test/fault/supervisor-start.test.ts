// Beginnings and ends: two at once, starts that fail, members that hang or do not want to stop, and what a supervisor
// killed between a start and its record leaves.

import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { installationId, MARK, markOf } from '../../src/base/mark.ts'
import { identify, isRunning, signalProcess } from '../../src/base/process.ts'
import { lastLines, logPath } from '../../src/supervisor/log-file.ts'
import { hashSpec, readMemberRecords, writeMemberRecord } from '../../src/supervisor/records.ts'
import { until } from '../support/until.ts'
import { STORE_AND_WEBS, TestInstallation, type TestMember } from './supervisor/installation.ts'

const one = (name: string, mode: string): TestMember => ({ name, mode, after: [] })

describe('pando up', () => {
  test('of ten at once on one data directory, by two paths, exactly one wins and the others say who did', async () => {
    await using installation = new TestInstallation()
    const alias = join(installation.dir, 'alias')
    symlinkSync(installation.at.dataDir, alias)

    const ups = Array.from({ length: 10 }, (_, index) =>
      installation.up(STORE_AND_WEBS, index % 2 === 0 ? alias : installation.at.dataDir),
    )
    const losers: string[] = []
    for (const { ended } of ups) void ended.then(({ status, output }) => losers.push(`${status} ${output}`))
    await until('nine have lost', 30_000, () => losers.length === 9)
    await until('whole', 15_000, () => installation.isWhole(STORE_AND_WEBS))

    for (const loser of losers)
      expect(loser).toMatch(/^2 .*already running at http:.*as process \d+.*SUPERVISOR_ALREADY_RUNNING/s)
  })

  test('a SIGINT stops everything in reverse order and leaves no process', async () => {
    await using installation = new TestInstallation()
    const { child, ended, said } = installation.up(STORE_AND_WEBS)
    await until('the address is shown', 15_000, () => said().includes('Ready in'))

    child.kill('SIGINT')
    const { status, output } = await ended

    expect(status).toBe(0)
    expect(output).toMatch(/Ready in .* http.*Stopping\..*Stopped\./s)
    expect(installation.stops().at(-1)).toBe('store')
    expect(installation.marked()).toEqual([])
    expect(installation.role('supervisor')).toBeUndefined()
  })

  test('a second SIGINT ends a stop that a member draws out, and leaves no process', async () => {
    await using installation = new TestInstallation()
    const members = [one('store', 'serve'), { name: 'web-1', mode: 'immovable', after: ['store'] }]
    const { child, ended, said } = installation.up(members)
    await until('the address is shown', 15_000, () => said().includes('Ready in'))
    child.kill('SIGINT')
    await until(
      'web-1 is asked to stop',
      15_000,
      async () => (await installation.member('web-1')).state === 'stopping',
    )

    // Two within a moment are one, as a wrapper passes on what the terminal has sent already.
    await until(
      'the second one is taken',
      15_000,
      () => child.kill('SIGINT') && said().includes('Stopping at once.'),
    )
    const { status, output } = await ended

    expect(status).toBe(0)
    expect(output).toMatch(/Stopping\..*Stopping at once\..*Stopped\./s)
    expect(installation.stops()).toEqual(['store'])
    expect(installation.marked()).toEqual([])
  })

  test('a closed terminal is a clean stop too', async () => {
    await using installation = new TestInstallation()
    const { child, ended } = installation.up([one('store', 'serve')])
    await until('whole', 15_000, () => installation.isWhole([one('store', 'serve')]))

    child.stdout!.destroy()
    child.kill('SIGHUP')
    await ended

    expect(installation.stops()).toEqual(['store'])
    expect(installation.marked()).toEqual([])
  })

  test('a member that ignores its signal is killed when its grace is over', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached([one('store', 'stubborn')])

    const { status } = await installation.pando('down')

    expect(status).toBe(0)
    expect(installation.marked()).toEqual([])
  })

  test('what a member started itself, in a group of its own, ends with it', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached([one('store', 'parent')])
    await until('the child is there', 15_000, () => installation.marked().length === 2)

    await installation.pando('down')

    expect(installation.marked()).toEqual([])
  })

  test('a start that fails shows the last lines, the fix and the code, and stops the others', async () => {
    await using installation = new TestInstallation()

    const { status, output } = await installation.upDetached([
      one('store', 'serve'),
      { name: 'web-1', mode: 'crash', after: ['store'] },
    ])

    expect(status).toBe(1)
    expect(output).toMatch(/no more cheese.*web-1 did not start: it exited with status 1, 3 times in a row/s)
    expect(output).toContain('SUPERVISOR_MEMBER_FAILED')
    expect(installation.stops()).toEqual(['store'])
    expect(installation.marked()).toEqual([])
  })

  test('a member that says that another start cannot help is believed at once', async () => {
    await using installation = new TestInstallation()

    const { status, output } = await installation.upDetached([one('store', 'refuse')])

    expect(status).toBe(2)
    expect(output).toMatch(/shape of the cheese.*SUPERVISOR_MEMBER_REFUSED/s)
    expect(lastLines(logPath(installation.at, 'store'), 20)).toEqual([
      'store begins',
      'the shape of the cheese is wrong',
    ])
  })

  test('a member that is not ready by its deadline fails the start', async () => {
    await using installation = new TestInstallation()

    const { status, output } = await installation.upDetached([one('store', 'mute')])

    expect(status).toBe(1)
    expect(output).toContain('SUPERVISOR_MEMBER_NOT_READY')
    expect(installation.marked()).toEqual([])
  })

  test('down while it starts stops it', async () => {
    await using installation = new TestInstallation()
    const up = installation.upDetached([
      one('store', 'serve'),
      { name: 'web-1', mode: 'serve', after: ['store'] },
    ])
    await until('the supervisor runs', 15_000, () => installation.role('supervisor') !== undefined)

    const down = await installation.pando('down')
    const { output } = await up

    expect(down.status).toBe(0)
    expect(output).toContain('Stopped.')
    expect(installation.marked()).toEqual([])
  })

  test('up, down and up again, without a pause, end up', async () => {
    await using installation = new TestInstallation()
    const store = [one('store', 'serve')]

    for (let round = 0; round < 3; round++) {
      expect((await installation.upDetached(store)).status).toBe(0)
      expect((await installation.pando('down')).status).toBe(0)
    }

    expect((await installation.upDetached(store)).status).toBe(0)
    expect((await installation.member('store')).restarts).toBe(0)
  })
})

// These wait more than they work (one for the 10 s after which a silent member counts as hung), so they wait together.
describe.concurrent('supervisor', () => {
  test('a member that hangs is killed and started again', async () => {
    await using installation = new TestInstallation()
    const store = [one('store', 'serve')]
    await installation.upDetached(store)
    const hung = installation.processOf('store')!

    signalProcess(hung, 'SIGSTOP')
    await until('another one serves', 40_000, async () => (await installation.servedBy('store')) !== hung.pid)

    expect(isRunning(hung)).toBe(false)
    expect(await installation.member('store')).toMatchObject({ restarts: 1 })
  })

  test('a record whose pid belongs to another process by now has nobody killed', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached([one('store', 'serve')])
    await installation.pando('down')
    const stranger = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    const spec = { name: 'old', tier: 'test', engine: 'serve', after: [], address: '', settings: {} }
    writeMemberRecord(installation.at, {
      spec,
      specHash: hashSpec(spec),
      incarnation: 'gone',
      process: { pid: stranger.pid!, startedAt: 'another boot/1' },
      stop: { signal: 'SIGKILL', graceMs: 0 },
      restarts: 0,
    })

    await installation.upDetached([one('store', 'serve')])
    await installation.pando('down')

    expect(identify(stranger.pid!)).toBeDefined()
    expect(readMemberRecords(installation.at)).toEqual([])
    stranger.kill('SIGKILL')
  })

  test('a process started just before the supervisor was killed is adopted by its mark', async () => {
    await using installation = new TestInstallation()
    const store = [one('store', 'serve')]
    await installation.upDetached(store)
    signalProcess(installation.role('watchdog')!, 'SIGSTOP')
    signalProcess(installation.role('supervisor')!, 'SIGKILL')
    const { process: started, ...intent } = readMemberRecords(installation.at)[0]!
    writeMemberRecord(installation.at, intent)

    signalProcess(installation.role('watchdog')!, 'SIGCONT')
    await until('whole', 15_000, () => installation.isWhole(store))

    expect(await installation.servedBy('store')).toBe(started!.pid)
    expect(installation.processOf('store')).toEqual(started)
  })

  test('a process with the mark that no record knows is killed', async () => {
    await using installation = new TestInstallation()
    const stray = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], {
      stdio: 'ignore',
      detached: true,
      env: { [MARK]: markOf(installationId(installation.at), 'store', 'forgotten') },
    })
    const ended = new Promise((resolve) => stray.once('exit', (_status, signal) => resolve(signal)))

    await installation.upDetached([one('store', 'serve')])

    expect(await ended).toBe('SIGKILL')
  })

  test('a state that cannot be read is no reason to lose a process', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached([one('store', 'serve')])
    signalProcess(installation.role('watchdog')!, 'SIGSTOP')
    signalProcess(installation.role('supervisor')!, 'SIGKILL')
    signalProcess(installation.role('watchdog')!, 'SIGKILL')
    await until('unwatched', 15_000, () => installation.role('watchdog') === undefined)
    const { rmSync } = await import('node:fs')
    rmSync(installation.at.runDir, { recursive: true })
    mkdirSync(installation.at.runDir)

    const { status } = await installation.pando('down')

    expect(status).toBe(0)
    expect(installation.marked()).toEqual([])
  })
})

describe.concurrent('pando status and logs', () => {
  test('status --json has exactly the documented shape, and exit status 3 when nothing runs', async () => {
    await using installation = new TestInstallation()
    const never = await installation.pando('status', '--json')
    await installation.upDetached([one('store', 'serve')])

    const { status, output } = await installation.pando('status', '--json')

    expect(never.status).toBe(3)
    expect(status).toBe(0)
    expect(JSON.parse(output)).toEqual({
      stage: 'single',
      endpoints: { web: 'http://127.0.0.1:22000' },
      change: null,
      routes: [],
      members: [
        {
          name: 'store',
          tier: 'test',
          state: 'running',
          pid: installation.processOf('store')!.pid,
          address: 'store.s',
          restarts: 0,
          detail: expect.stringContaining('pid'),
        },
      ],
    })
    expect(output).not.toContain('\u001B')
  })

  test('logs has every member by name, one member bare, and the nearest name of one that is unknown', async () => {
    await using installation = new TestInstallation()
    await installation.upDetached(STORE_AND_WEBS)

    const all = await installation.pando('logs')
    const bare = await installation.pando('logs', 'web-1', '--lines', '1')
    const unknown = await installation.pando('logs', 'wep-1')

    expect(all.output).toMatch(/web-1 +│ web-1 serves/)
    expect(all.output).toMatch(/supervisor │ .*member ready/)
    expect(bare.output).toBe('web-1 serves\n')
    expect(unknown).toMatchObject({ status: 2, output: expect.stringContaining('did you mean "web-1"') })
    expect(readFileSync(logPath(installation.at, 'web-1'), 'utf8')).toContain('web-1 begins')
  })

  test('an unknown command or option names the nearest one and ends with status 2', async () => {
    await using installation = new TestInstallation()

    const option = await installation.pando('status', '--jsn')

    expect(option).toMatchObject({ status: 2, output: expect.stringContaining('--json') })
  })
})
