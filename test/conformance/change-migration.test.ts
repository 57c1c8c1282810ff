// A release that migrates the database and then does not start: the one before it goes on, and also starts again.

import { cpSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startPando, type Pando } from '../support/pando.ts'
import { root } from '../support/repository.ts'
import { until } from '../support/until.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const minimal = join(root, 'examples', 'minimal')
const releases = join(root, '.cache', `releases-${process.pid}`)
let pando: Pando

/** Below the repository, so that its imports find the same packages. */
function release(name: string): string {
  const dir = join(releases, name)
  mkdirSync(dir, { recursive: true })
  for (const part of ['app.ts', 'package.json', 'migrations'])
    cpSync(join(minimal, part), join(dir, part), { recursive: true })
  symlinkSync(join(minimal, 'node_modules'), join(dir, 'node_modules'))
  return dir
}

beforeAll(async () => {
  pando = await startPando({
    appDir: release('one'),
    env: { PANDO_STAGE: 'balanced', PANDO_WEB_SERVERS: '2' },
  })
})

afterAll(async () => {
  await pando?.[Symbol.asyncDispose]()
  rmSync(releases, { recursive: true, force: true })
})

test('the servers of the release before come back after its successor was rolled back with its migration applied', async () => {
  const next = release('two')
  writeFileSync(join(next, 'migrations', '0002_mood.sql'), 'alter table greeting add column mood text;\n')
  writeFileSync(
    join(next, 'app.ts'),
    `import { defineApp } from 'pando'
export default defineApp({ name: 'guestbook', migrations: './migrations', setup() { throw new Error('not today') } })
`,
  )

  const applied = await pando.command('apply', '--app', next).then(
    () => 'done',
    (error: Error & { stdout: string; stderr: string }) => error.stdout + error.stderr,
  )
  const before = (await pando.status()).members.filter(({ tier }) => tier === 'web')
  for (const { pid } of before) process.kill(pid, 'SIGKILL')
  await until('both servers serve again', 60_000, async () => {
    const web = (await pando.status()).members.filter(({ tier }) => tier === 'web')
    return web.every(
      ({ detail, pid }) => detail.includes('in service') && before.every((old) => old.pid !== pid),
    )
  })

  expect(applied).toContain('Rolled back')
  expect((await fetch(pando.url)).status).toBe(200)
})
