// `pando doctor` and the source of an application: which files it reads, what it prints, and when it fails. The examples
// of this repository are read with it too, because they are what people copy.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SourceReport } from '../../src/cli/doctor/judge-source.ts'
import { inspect } from '../../src/inspect/inspect.ts'
import { readSources } from '../../src/inspect/read.ts'
import { runCli } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { root } from '../support/repository.ts'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pando-doctor-'))
})

afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function write(path: string, text: string): void {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

const read = (maxFiles?: number): ReturnType<typeof readSources> =>
  readSources(dir, join(dir, 'app.mjs'), maxFiles)
const pathsRead = (): readonly string[] => read().modules.map(({ path }) => path)

describe('the files that are read', () => {
  test('are the application file and what it imports, in every way of importing', () => {
    write(
      'app.mjs',
      "import './a.mjs'\nexport * from './b/index.mjs'\nconst c = await import('./c.cjs')\nimport './d'\nimport './e.js'",
    )
    write('a.mjs', "import '../outside.mjs'")
    write('b/index.mjs', "export { x } from '../f.mts'")
    write('c.cjs', "require('./g')")
    write('d/index.ts', '')
    write('e.ts', '')
    write('f.mts', "import './app.mjs'")
    write('g.js', '')
    write('unused.mjs', 'let n = 0; export const next = () => n++')

    expect(pathsRead().toSorted()).toEqual([
      'a.mjs',
      'app.mjs',
      'b/index.mjs',
      'c.cjs',
      'd/index.ts',
      'e.ts',
      'f.mts',
      'g.js',
    ])
  })

  test('are found by the names of package.json too', () => {
    write(
      'package.json',
      JSON.stringify({ imports: { '#lib/*': './lib/*.mjs', '#db': { default: './db.mjs' } } }),
    )
    write('app.mjs', "import '#lib/a'\nimport '#db'\nimport '#unknown'")
    write('lib/a.mjs', '')
    write('db.mjs', '')

    expect(pathsRead()).toEqual(['app.mjs', 'lib/a.mjs', 'db.mjs'])
  })

  test('are those of a directory that @fastify/autoload loads', () => {
    write('app.mjs', "import './app/main.mjs'")
    write(
      'app/main.mjs',
      "import load from '@fastify/autoload'\nexport default (app) => app.register(load, { dir: join(import.meta.dirname, 'routes') })",
    )
    write('app/routes/users/index.mjs', '')
    write('app/routes/home.mjs', '')
    write('app/routes/home.test.mjs', '')
    write('app/other/unused.mjs', '')

    expect(pathsRead()).toEqual([
      'app.mjs',
      'app/main.mjs',
      'app/routes/home.mjs',
      'app/routes/users/index.mjs',
    ])
  })

  test('are not packages, tests, types, or files outside of the directory', () => {
    const outside = mkdtempSync(join(tmpdir(), 'pando-outside-'))
    writeFileSync(join(outside, 'linked.mjs'), '')
    symlinkSync(join(outside, 'linked.mjs'), join(dir, 'linked.mjs'))
    write(
      'app.mjs',
      "import 'express'\nimport './node_modules/x/index.js'\nimport './a.test.mjs'\nimport './linked.mjs'\nimport './types.ts'",
    )
    write('node_modules/x/index.js', '')
    write('a.test.mjs', '')
    write('types.ts', "import type { A } from './only-types.ts'\nexport type { B } from './only-types.ts'")
    write('only-types.ts', '')

    expect(pathsRead()).toEqual(['app.mjs', 'types.ts'])
    rmSync(outside, { recursive: true })
  })

  test('are bounded in number, and how many were left out is said', () => {
    write('app.mjs', "import './a.mjs'\nimport './b.mjs'\nimport './c.mjs'")
    for (const name of ['a', 'b', 'c']) write(`${name}.mjs`, '')

    expect(read(2)).toMatchObject({ modules: [{ path: 'app.mjs' }, { path: 'a.mjs' }], leftOut: 2 })
  })

  test('that do not parse are named, and the others are read', () => {
    write('app.mjs', "import './broken.mjs'\nimport './whole.mjs'")
    write('broken.mjs', 'const = 1')
    write('whole.mjs', '')

    expect(read()).toMatchObject({
      modules: [{ path: 'app.mjs' }, { path: 'whole.mjs' }],
      unreadable: [{ path: 'broken.mjs', problem: expect.stringMatching(/^1:7 /) }],
    })
  })
})

describe.each([
  ['conduit', 3],
  ['minimal', 0],
])('the example %s', (name, accepted) => {
  test('runs on several servers', () => {
    const appDir = join(root, 'examples', name)
    const { modules, unreadable, resolveModule } = readSources(appDir, join(appDir, 'app.ts'))
    const found = inspect(modules, resolveModule)

    expect(unreadable).toEqual([])
    expect(found.findings).toEqual([])
    expect(found.accepted).toHaveLength(accepted)
  })
})

describe('pando doctor', () => {
  const APP = `const visits = new Map()
export default {
  name: 'shop',
  setup: () => ({ fetch: (request) => new Response(String(visits.set(request.url, 1).size)) }),
}
`

  async function doctor(...args: readonly string[]): Promise<{ status: number | null; text: string }> {
    return runCli(['doctor', '--app', dir, ...args], { PORT: String(await freePort()) })
  }

  test('warns of state in one process while there is one web server', async () => {
    write('app.mjs', APP)

    const { status, text } = await doctor()

    expect(text).toContain('State that would break on several servers')
    expect(text).toContain('app.mjs:1:7  module-state')
    expect(text).toContain('→ Keep it in the database')
    expect(status).toBe(0)
  })

  test('fails over it when there are several', async () => {
    write('app.mjs', APP)
    write('pando.topology.mjs', 'export default { web: { servers: 3 } }')

    const { status, text } = await doctor()

    expect(text).toMatch(/✗ source +1 place in 1 file/)
    expect(status).toBe(1)
  })

  test('warns again when a visitor stays on one server', async () => {
    write('app.mjs', APP)
    write('pando.topology.mjs', "export default { web: { servers: 3 }, balancer: { sticky: 'cookie' } }")

    const { text } = await doctor()

    expect(text).toMatch(/! source +1 place in 1 file/)
  })

  test('gives findings, accepted ones and files that it could not read as JSON', async () => {
    write(
      'app.mjs',
      `${APP}// pando: per-process measured here only\nlet n = 0\nexport const next = () => n++\n`,
    )

    const { text } = await doctor('--json')
    const { source } = JSON.parse(text) as { source: SourceReport }

    expect(source).toMatchObject({
      files: 1,
      findings: [{ rule: 'module-state', file: 'app.mjs', line: 1, column: 7, changedAt: { line: 4 } }],
      accepted: [{ rule: 'module-state', line: 7, reason: 'measured here only' }],
      unread: [],
    })
    expect(readdirSync(dir)).toEqual(['app.mjs'])
  })
})
