// `pando new`, and that what it writes can be used as it is: it type-checks, passes `pando doctor` and can be planned.

import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadTopology, planMembers } from '../../src/topology/index.ts'
import { runCli } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { output } from '../support/pando.ts'
import { root } from '../support/repository.ts'

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pando-new-'))
})

afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

/** What `npm install` would put there. */
function installPackages(appDir: string): void {
  mkdirSync(join(appDir, 'node_modules', '@types'), { recursive: true })
  symlinkSync(root, join(appDir, 'node_modules', 'pando'))
  for (const name of ['hono', '@types/node', 'undici-types'])
    symlinkSync(join(root, 'node_modules', name), join(appDir, 'node_modules', name))
}

describe('pando new', () => {
  test('makes an application that type-checks, is found sound, and can be planned', async () => {
    const appDir = join(dir, 'guestbook')

    const made = await runCli(['new', 'guestbook', '--dir', appDir])
    installPackages(appDir)
    const types = await output(
      process.execPath,
      [join(root, 'node_modules/typescript/bin/tsc'), '-p', appDir],
      {},
    )
    const examined = await runCli(['doctor', '--app', appDir], { PORT: String(await freePort()) })
    const { topology } = await loadTopology({ appDir })
    const plan = planMembers(topology, {
      app: { name: 'guestbook', dir: appDir, release: '', idempotent: [] },
      cores: 2,
      canShare: true,
    })

    expect(made).toMatchObject({ status: 0, text: expect.stringContaining('npx pando up') })
    expect(types).toEqual({ status: 0, text: '' })
    expect(examined.text).toMatch(/application +guestbook/)
    expect(examined.text).toMatch(/migrations +1 in/)
    expect(examined.status).toBe(0)
    expect(plan.members.map(({ name }) => name)).toEqual(['database', 'web-1'])
  })

  test('links the application to the package that made it', async () => {
    const appDir = join(dir, 'guestbook')

    await runCli(['new', 'guestbook', '--dir', appDir])
    const written = JSON.parse(readFileSync(join(appDir, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>
    }

    expect(written.dependencies['pando']).toBe(`file:${root}`)
  })

  test('takes an empty directory that exists', async () => {
    const appDir = join(dir, 'empty')
    mkdirSync(appDir)

    expect(await runCli(['new', 'guestbook', '--dir', appDir])).toMatchObject({ status: 0 })
    expect(readdirSync(appDir)).toContain('app.ts')
    expect(readdirSync(dir)).toEqual(['empty'])
  })

  test('leaves a directory alone that holds something', async () => {
    writeFileSync(join(dir, 'mine.txt'), 'mine')

    const { status, text } = await runCli(['new', 'guestbook', '--dir', dir])

    expect(status).toBe(2)
    expect(text).toContain(`${dir} holds mine.txt already.`)
    expect(text).toContain('CLI_DIRECTORY_TAKEN')
    expect(readdirSync(dir)).toEqual(['mine.txt'])
  })

  test('leaves nothing behind where it cannot write', async () => {
    writeFileSync(join(dir, 'file'), '')

    const { status, text } = await runCli(['new', 'guestbook', '--dir', join(dir, 'file', 'app')])

    expect(status).toBe(2)
    expect(text).toContain('CLI_DIRECTORY_UNWRITABLE')
    expect(readdirSync(dir)).toEqual(['file'])
  })

  test('refuses a name that cannot be a package and a database', async () => {
    const { status, text } = await runCli(['new', 'Guest Book', '--dir', join(dir, 'x')])

    expect(status).toBe(2)
    expect(text).toContain('"Guest Book" cannot be the name of an application: it has capital letters.')
    expect(readdirSync(dir)).toEqual([])
  })
})
