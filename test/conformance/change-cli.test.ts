// The commands that change what runs, on a real installation of three web servers behind HAProxy, while it is visited.

import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { setInterval as ticks } from 'node:timers/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { CLI_ARGS, runCli } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { type MemberStatus } from '../support/pando.ts'
import { root } from '../support/repository.ts'
import { until } from '../support/until.ts'

// A change starts and ends up to five processes, one after the other.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const dir = mkdtempSync(join(tmpdir(), 'pando-change-'))
const app = join(dir, 'release-1')
const data = join(dir, 'data')
let url: string

interface Status {
  readonly stage: string
  readonly members: readonly MemberStatus[]
  readonly routes: readonly { readonly tier: string; readonly requests: number; readonly failed: number }[]
  readonly change: { readonly kind: string; readonly state: string } | null
}

const pando = (
  command: string,
  ...args: readonly string[]
): Promise<{ status: number | null; text: string }> =>
  runCli([command, '--app', app, '--data', data, ...args])
const status = async (): Promise<Status> => JSON.parse((await pando('status', '--json')).text) as Status
const members = async (tier: string): Promise<readonly MemberStatus[]> =>
  (await status()).members.filter((member) => member.tier === tier)
const pids = async (tier: string): Promise<readonly number[]> => (await members(tier)).map(({ pid }) => pid)
const title = async (): Promise<string | undefined> =>
  /<title>(.*?)<\/title>/.exec(await (await fetch(url)).text())?.[1]

/** A release of the example application whose pages have the title `name`. */
function release(path: string, name: string, setup = ''): void {
  cpSync(join(root, 'examples', 'minimal'), path, {
    recursive: true,
    filter: (file) => !/node_modules|\.pando/.test(file),
  })
  const source = readFileSync(join(path, 'app.ts'), 'utf8')
  const edited = source
    .replace('<title>Guestbook', `<title>${name}`)
    .replace('setup({ database }) {', `setup({ database }) {\n${setup}`)
  writeFileSync(join(path, 'app.ts'), edited)
  mkdirSync(join(path, 'node_modules'), { recursive: true })
  for (const [link, target] of [
    ['pando', root],
    ['hono', join(root, 'node_modules', 'hono')],
  ] as const) {
    rmSync(join(path, 'node_modules', link), { force: true })
    symlinkSync(target, join(path, 'node_modules', link))
  }
}

const topology = (settings: object): void =>
  writeFileSync(join(app, 'pando.topology.ts'), `export default ${JSON.stringify(settings)}\n`)

const ASK_EVERY_MS = 25

/** A visitor, who asks forty times a second at most until he is asked for what he met. */
function visit(): () => Promise<{ answered: number; failed: readonly string[] }> {
  let isOver = false
  let answered = 0
  const failed: string[] = []
  const visiting = (async () => {
    for await (const _ of ticks(ASK_EVERY_MS)) {
      if (isOver) return
      const met = await fetch(url).then(
        async (answer) => (await answer.text()) && answer.status,
        (error: unknown) => error,
      )
      answered += 1
      if (met !== 200) failed.push(String(met))
    }
  })()
  return async () => {
    isOver = true
    await visiting
    return { answered, failed }
  }
}

beforeAll(async () => {
  release(app, 'One')
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  const up = await pando('up', '--detach', '--stage', 'balanced', '--port', String(port))
  expect(up).toMatchObject({ status: 0 })
})

afterAll(async () => {
  await pando('down')
  rmSync(dir, { recursive: true, force: true })
})

beforeEach(async () => {
  release(app, 'One')
  topology({})
  expect(await pando('apply', '--force')).toMatchObject({ status: 0 })
})

describe('the command line that started it', () => {
  test('holds for doctor and config too, which say so', async () => {
    const { port } = new URL(url)
    const started = `as \`pando up --stage balanced --port ${port}\` was started`

    const examined = await pando('doctor')
    const shown = await pando('config')

    expect(examined).toMatchObject({ status: 0, text: expect.stringContaining(started) })
    expect(examined.text).toMatch(/haproxy +\d+\.\d+.*\/haproxy/)
    expect(examined.text).toContain(`127.0.0.1:${port} serves this installation`)
    expect(shown).toMatchObject({ status: 0, text: expect.stringContaining(started) })
  })
})

describe('stage balanced', () => {
  test('runs three web servers behind two balancers, and says where its data is', async () => {
    const { stage, members: all } = await status()

    expect(stage).toBe('balanced')
    expect(all.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'database running',
      'balancer-1 running',
      'balancer-2 running',
      'web-1 running',
      'web-2 running',
      'web-3 running',
    ])
    expect(all[0]!.address).toBe(join(data, 'postgres', '.s.PGSQL.5432'))
  })
})

describe('apply', () => {
  test('has nothing to do when nothing was edited, with what the command line of up said', async () => {
    const before = await pids('web')

    const { status: exit, text } = await pando('apply')

    expect({ exit, text }).toEqual({
      exit: 0,
      text: 'Nothing to do: what runs is what application and topology say.\n',
    })
    expect(await pids('web')).toEqual(before)
  })

  test('takes up bounds of autoscaling, though no process changes', async () => {
    const before = await pids('web')
    const bounds = { PANDO_WEB_AUTOSCALE_MIN: '2', PANDO_WEB_AUTOSCALE_MAX: '4' }
    const apply = (env: Record<string, string>): ReturnType<typeof runCli> =>
      runCli(['apply', '--app', app, '--data', data], env)

    const on = await apply(bounds)
    const again = await apply(bounds)
    const off = await apply({})

    expect(on.text).toContain('~ web.autoscale.max none → 4')
    expect(on.text).toContain('Done in')
    expect(again.text).toContain('Nothing to do')
    expect(off.text).toContain('~ web.autoscale.max 4 → none')
    expect([on.status, again.status, off.status]).toEqual([0, 0, 0])
    expect(await pids('web')).toEqual(before)
  })

  test('with --dry-run says what it would do and why, and does nothing', async () => {
    const before = await pids('web')
    release(app, 'Two')
    topology({ web: { servers: 4, bodyMaxBytes: 1_048_576 } })

    const { status: exit, text } = await pando('apply', '--dry-run')

    expect(exit).toBe(0)
    expect(text).toContain(
      '~ web-1, web-2, web-3 are replaced: new application code, web.bodyMaxBytes 10485760 (10 MiB) → 1048576 (1 MiB)\n+ web-4 is added\n',
    )
    expect(await pids('web')).toEqual(before)
  })

  test('takes up edited code without a failed request', async () => {
    release(app, 'Two')
    const met = visit()

    const { status: exit, text } = await pando('apply')
    const { answered, failed } = await met()

    expect(exit).toBe(0)
    expect(text).toMatch(/Done in [\d.]+ s: 3 web servers replaced, [\d,]+ requests? meanwhile, 0 failed\n$/)
    expect(failed).toEqual([])
    expect(answered).toBeGreaterThan(0)
    expect(await title()).toBe('Two')
  })

  test('takes up an edited topology, and gives its figures as JSON', async () => {
    topology({ web: { servers: 2 }, balancer: { algorithm: 'roundrobin' } })

    const { status: exit, text } = await pando('apply', '--json')

    expect(exit).toBe(0)
    expect(JSON.parse(text)).toMatchObject({ change: { kind: 'apply', state: 'done', failedRequests: 0 } })
    expect((await members('web')).map(({ name }) => name)).toEqual(['web-1', 'web-2'])
  })

  test('takes up a release in another directory, and goes back to the old one', async () => {
    const next = join(dir, 'release-2')
    release(next, 'Two')

    expect(await pando('apply', '--app', next)).toMatchObject({ status: 0 })
    expect(await title()).toBe('Two')

    expect(await pando('apply')).toMatchObject({ status: 0 })
    expect(await title()).toBe('One')
  })

  test('of a release that does not start changes nothing, and says why with the end of its log', async () => {
    const before = await pids('web')
    release(app, 'Two', "throw new Error('no mail server')")
    const met = visit()

    const { status: exit, text } = await pando('apply')

    expect(exit).toBe(1)
    expect(text).toMatch(/Last lines of web-\d:/)
    expect(text).toContain('app.ts failed: no mail server.')
    expect(text).toContain('APP_SETUP_FAILED')
    expect(text).toMatch(/Rolled back in [\d.]+ s: the processes are as they were/)
    expect((await met()).failed).toEqual([])
    expect(await title()).toBe('One')
    expect(await pids('web')).toEqual(before)
  })

  test('of code that cannot even be loaded is refused before anything is done', async () => {
    writeFileSync(join(app, 'app.ts'), 'export default {\n')

    const { status: exit, text } = await pando('apply')

    expect(exit).toBe(2)
    expect(text).toContain('APP_UNLOADABLE')
  })

  test('refuses what cannot be done while it runs, also when forced', async () => {
    topology({ web: { serverPort: 9090 }, database: { maxConnections: 400 } })

    const { status: exit, text } = await pando('apply', '--force')

    expect(exit).toBe(2)
    expect(text).toContain('The change is refused, and nothing was done.')
    expect(text).toContain('web.serverPort  8080 → 9090')
    expect(text).toContain('database.maxConnections  none → 400')
    expect(text).toContain('`pando down` and `pando up`')
    expect(text).toContain('CLI_CHANGE_REFUSED')
    expect((await status()).change?.kind).not.toBe('running')
  })

  test('refuses what logs everybody out, until it is forced', async () => {
    topology({ sessions: { cookieName: 'sid' } })

    const refused = await pando('apply')
    const forced = await pando('apply', '--force')

    expect(refused.status).toBe(2)
    expect(refused.text).toContain('every visitor would be logged out')
    expect(forced.status).toBe(0)
  })

  test('where nothing runs exits with 3', async () => {
    const { status: exit, text } = await runCli(['apply', '--app', app, '--data', join(dir, 'elsewhere')])

    expect(exit).toBe(3)
    expect(text).toContain('SUPERVISOR_NOT_RUNNING')
  })

  test('goes on when the one who asked for it leaves with Ctrl-C', async () => {
    release(app, 'Two')
    const asking = spawn(process.execPath, [...CLI_ARGS, 'apply', '--app', app, '--data', data], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exit = new Promise((resolve) => asking.once('exit', resolve))
    await until('the change begins', 10_000, async () => (await status()).change?.state === 'running')

    asking.kill('SIGINT')

    expect(await exit).toBe(130)
    await until('the change is done', 20_000, async () => (await status()).change?.state === 'done')
    expect(await title()).toBe('Two')
  })
})

describe('scale', () => {
  test('runs another number of web servers until the next apply', async () => {
    const met = visit()

    const more = await pando('scale', 'web=4')
    const scaled = await pids('web')
    const back = await pando('apply')

    expect(more.text).toContain('The topology still says 3: the next `pando apply` goes back to it.')
    expect(more.text).toMatch(/Done in [\d.]+ s: 4 web servers/)
    expect(scaled).toHaveLength(4)
    expect(back.text).toContain('- web-4 is removed')
    expect(await pids('web')).toEqual(scaled.slice(0, 3))
    expect((await met()).failed).toEqual([])
  })

  test.each([
    ['web', '"web" has no "=" with a number after it.'],
    ['web=0', '"web=0" has "0" where a whole number from 1 on is expected.'],
    ['wep=2', '"wep=2" names "wep", and only web can be scaled; did you mean web.'],
  ])('%s is refused', async (wish, message) => {
    const { status: exit, text } = await pando('scale', wish)

    expect(exit).toBe(2)
    expect(text).toContain(message)
    expect(text).toContain('CLI_SCALE_INVALID')
  })

  test('beyond the places that there are is refused with the setting to change', async () => {
    const { status: exit, text } = await pando('scale', 'web=16')

    expect(exit).toBe(2)
    expect(text).toContain('web.maxServers')
  })
})

describe('drain', () => {
  test('takes a server out of service and another one in, and --undo puts it back', async () => {
    const before = await pids('web')
    const met = visit()

    const drained = await pando('drain', 'web-2')
    const between = await members('web')
    const undone = await pando('drain', 'web-2', '--undo')

    expect(drained).toMatchObject({ status: 0 })
    expect(between.filter(({ detail }) => /in service/.test(detail))).toHaveLength(3)
    expect(between.find(({ name }) => name === 'web-2')?.detail).toMatch(/drained/)
    expect(undone).toMatchObject({ status: 0 })
    expect(await pids('web')).toEqual(before)
    expect((await met()).failed).toEqual([])
  })

  test('of a member that there is not is refused with the nearest name', async () => {
    const { status: exit, text } = await pando('drain', 'web2')

    expect(exit).toBe(2)
    expect(text).toContain('did you mean "web-2"?')
  })
})

describe('restart', () => {
  test('replaces every process of the tier and no other', async () => {
    const [web, database] = [await pids('web'), await pids('database')]
    const met = visit()

    const { status: exit, text } = await pando('restart', 'web')

    expect(exit).toBe(0)
    expect(text).toMatch(/Done in [\d.]+ s: 3 web processes restarted/)
    expect((await pids('web')).filter((pid) => web.includes(pid))).toEqual([])
    expect(await pids('database')).toEqual(database)
    expect((await met()).failed).toEqual([])
  })

  test('of a tier that there is not is refused with the nearest name', async () => {
    const { status: exit, text } = await pando('restart', 'balancers')

    expect(exit).toBe(2)
    expect(text).toContain('did you mean "balancer"?')
  })
})
