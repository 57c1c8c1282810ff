// Topology files on a disk, read by the real Node.js: what the unit tests of src/topology cannot see.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ENGINE_KEYS, loadEngine, maxWebServers, withWebServers } from '../../src/topology/engines.ts'
import { loadTopology, planMembers } from '../../src/topology/index.ts'
import { renderConfigReference } from '../../src/topology/reference.ts'
import { runCli } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { root } from '../support/repository.ts'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pando-topology-'))
})

afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function write(name: string, content: string): string {
  const path = join(dir, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

interface Config {
  readonly file: string | null
  readonly settings: readonly { readonly key: string; readonly value: unknown; readonly source: string }[]
}

async function config(args: readonly string[] = [], env: Record<string, string> = {}): Promise<Config> {
  const { status, text } = await runCli(['config', '--json', '--app', dir, ...args], env)
  expect({ status, text }).toMatchObject({ status: 0 })
  return JSON.parse(text) as Config
}

describe('a topology file', () => {
  test('is not needed', async () => {
    const { file, settings } = await config()

    expect(file).toBeNull()
    expect(settings.find(({ key }) => key === 'web.port')).toMatchObject({ value: 3000, source: 'default' })
  })

  test.each([
    ['pando.topology.ts', 'const port: number = 81\nexport default { web: { port } } satisfies object\n'],
    ['pando.topology.js', 'export default { web: { port: 81 } }\n'],
    ['pando.topology.mjs', 'export default { web: { port: 81 } }\n'],
  ])('may be %s', async (name, content) => {
    write('package.json', '{ "type": "module" }')
    const path = write(name, content)

    const { file, settings } = await config()

    expect(file).toBe(path)
    expect(settings.find(({ key }) => key === 'web.port')).toMatchObject({ value: 81, source: name })
  })

  test('may have any name when it is given', async () => {
    const path = write('large.ts', 'export default { web: { processes: 2 } }\n')

    const { settings } = await config(['--topology', path], { PORT: '82' })

    expect(settings.find(({ key }) => key === 'web.processes')).toMatchObject({
      value: 2,
      source: 'large.ts',
    })
    expect(settings.find(({ key }) => key === 'web.port')).toMatchObject({ value: 82, source: 'PORT' })
  })

  test('that is given and does not exist is an error', async () => {
    const { status, text } = await runCli(['config', '--app', dir, '--topology', join(dir, 'none.ts')])

    expect(status).toBe(2)
    expect(text).toContain(`There is no topology file at ${join(dir, 'none.ts')}.`)
    expect(text).toContain('TOPOLOGY_FILE_MISSING')
  })

  test.each([
    ['a TypeScript syntax error', 'x.ts', 'export default {\n  web: { port: 3000 ,, },\n}\n', 2],
    ['a JavaScript syntax error', 'x.mjs', 'export default {\n  web: {},\n  database: { ,, },\n}\n', 3],
    ['syntax that needs a compiler', 'x.ts', 'export default {}\n\nenum Size { Small }\n', 3],
    ['an exception', 'x.ts', 'const a: any = undefined\nexport default { web: a.b.c }\n', 2],
  ])('with %s is refused with its line', async (_, name, content, line) => {
    const path = write(name, content)

    const { status, text } = await runCli(['config', '--app', dir, '--topology', path])

    expect(status).toBe(2)
    expect(text).toContain(`${path}:${line} could not be loaded: `)
    expect(text).toContain('TOPOLOGY_UNLOADABLE')
    expect(text).not.toContain('    at ')
  })

  test('that imports what is not there is refused with the name of it', async () => {
    const path = write('x.ts', "import 'nothing-of-that-name'\nexport default {}\n")

    const { status, text } = await runCli(['config', '--app', dir, '--topology', path])

    expect(status).toBe(2)
    expect(text).toContain("Cannot find package 'nothing-of-that-name'")
  })

  test.each([
    ['nothing', '', 'it exports nothing'],
    ['names only', 'export const web = {}\n', 'it exports web and has no default export'],
    ['a function', 'export default () => ({})\n', 'its default export is a function and not an object'],
    ['a list', 'export default []\n', 'its default export is a list'],
    ['a promise', 'export default Promise.resolve({})\n', 'its default export is a promise'],
    ['null', 'export default null\n', 'its default export is null'],
  ])('that exports %s is refused', async (_, content, problem) => {
    const path = write('x.mjs', content)

    const { status, text } = await runCli(['config', '--app', dir, '--topology', path])

    expect(status).toBe(2)
    expect(text).toContain(`${path} is not a topology: ${problem}`)
    expect(text).toContain('TOPOLOGY_EXPORT')
  })

  test('of a later version is refused with the stage that it needs', async () => {
    write('pando.topology.ts', 'export default { cache: { nodes: 3 } }\n')

    const { status, text } = await runCli(['config', '--app', dir])

    expect(status).toBe(2)
    expect(text).toContain('not yet in this version; it comes with stage "cached"')
    expect(text).toContain('TOPOLOGY_NOT_YET')
  })
})

describe('doctor', () => {
  interface Check {
    readonly name: string
    readonly state: string
    readonly found: string
    readonly fix?: string
  }

  async function doctor(
    env: Record<string, string> = {},
  ): Promise<{ status: number | null; checks: Check[] }> {
    const { status, text } = await runCli(['doctor', '--json', '--app', dir], env)
    return { status, checks: (JSON.parse(text) as { checks: Check[] }).checks }
  }

  const APP =
    "export default { name: 'shop', migrations: './migrations', setup: () => ({ fetch: () => new Response() }) }\n"

  test('finds a sound application ready, and makes nothing', async () => {
    write('app.mjs', APP)
    write('migrations/0001_shop.sql', 'create table shop (id bigint);\n')

    const { status, checks } = await doctor({ PORT: String(await freePort()) })

    expect(checks.filter(({ state }) => state === 'fail')).toEqual([])
    expect(status).toBe(0)
    expect(checks.map(({ name }) => name)).toEqual([
      'node',
      'user',
      'memory',
      'open files',
      'clock',
      'data directory',
      'file system',
      'disk space',
      'postgresql',
      'topology',
      'port',
      'application',
      'migrations',
      'source',
    ])
    expect(readdirSync(dir).toSorted()).toEqual(['app.mjs', 'migrations'])
  })

  test('reports everything that is wrong, each with what to do, and exits 1', async () => {
    await using server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    write('app.mjs', APP)
    write('migrations/0002_shop.sql', 'create table shop (id bigint);\n')
    write('.pando', 'a file')

    const { status, checks } = await doctor({ PORT: String((server.address() as AddressInfo).port) })
    const failed = checks.filter(({ state }) => state === 'fail')

    expect(status).toBe(1)
    expect(failed.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['data directory', 'port', 'migrations']),
    )
    expect(failed.filter(({ fix }) => !fix)).toEqual([])
  })

  test('says what is wrong with a directory without an application', async () => {
    write('pando.topology.mjs', 'export default { wbe: {} }\n')

    const { status, checks } = await doctor()

    expect(status).toBe(1)
    expect(checks.find(({ name }) => name === 'application')?.found).toContain('There is no application')
    expect(checks.find(({ name }) => name === 'topology')?.found).toContain('did you mean web?')
  })
})

describe('the registry of engines', () => {
  test.each(ENGINE_KEYS)('gives the engine %s, always the same one', async (key) => {
    const engine = await loadEngine(key)

    expect(engine.startDeadlineMs).toBeGreaterThan(0)
    expect(await loadEngine(key)).toBe(engine)
  })

  test('gives the supervisor, from what a plan was made of, the plan with other web servers and how many it may be', async () => {
    const file = write('pando.topology.mjs', "export default { stage: 'balanced', web: { maxServers: 9 } }\n")
    const { topology } = await loadTopology({ appDir: dir, file })
    const app = { name: 'shop', dir, release: 'r1', idempotent: [] }
    const { source } = planMembers(topology, { app, cores: 2, canShare: true })

    const names = withWebServers(source, 4).members.map(({ name }) => name)

    expect(names.slice(-4)).toEqual(['web-1', 'web-2', 'web-3', 'web-4'])
    expect(maxWebServers(source)).toBe(9)
  })
})

describe('the reference of the settings', () => {
  test('is what the schema says', () => {
    expect(readFileSync(join(root, 'docs/reference/config.md'), 'utf8')).toBe(renderConfigReference())
  })
})
