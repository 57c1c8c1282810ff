// A web process that is asked to stop, or fails, before it serves.

import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { pandoBin } from '../support/pando.ts'
import { until } from '../support/until.ts'

const dir = mkdtempSync(join(tmpdir(), 'pando-web-start-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('a web process that is stopped while its application sets itself up goes without serving', async () => {
  const dataDir = join(dir, 'slow-data')
  const log = join(dataDir, 'logs', 'web-1.log')
  writeFileSync(
    join(dir, 'app.mjs'),
    `export default { name: 'slow', setup({ log }) {
      log.info({}, 'setting up')
      return new Promise(() => setInterval(() => {}, 1_000))
    } }`,
  )
  const args = [pandoBin, 'up', '--app', dir, '--data', dataDir, '--port', String(await freePort())]
  const up = spawn(process.execPath, args, { stdio: 'ignore' })
  await until('setting up', 60_000, () => existsSync(log) && readFileSync(log, 'utf8').includes('setting up'))

  await promisify(execFile)(process.execPath, [pandoBin, 'down', '--data', dataDir])
  await until('up has ended', 30_000, () => up.exitCode !== null)

  const lines = readFileSync(log, 'utf8').trim().split('\n')
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({ member: 'web-1', message: 'stopped before it served' })
})

test('an application that cannot set itself up is named with its process and its reason', async () => {
  const dataDir = join(dir, 'broken-data')
  writeFileSync(
    join(dir, 'app.mjs'),
    `export default { name: 'broken', setup() { throw new Error('no such thing', { cause: new Error('why') }) } }`,
  )
  const args = [pandoBin, 'up', '--app', dir, '--data', dataDir, '--port', String(await freePort())]

  await expect(promisify(execFile)(process.execPath, args)).rejects.toMatchObject({ code: 1 })

  const lines = readFileSync(join(dataDir, 'logs', 'web-1.log'), 'utf8')
    .trim()
    .split('\n')
  expect(JSON.parse(lines.at(-1)!)).toMatchObject({
    member: 'web-1',
    code: 'APP_SETUP_FAILED',
    told: `setup() of ${join(dir, 'app.mjs')} failed: no such thing.`,
    message: 'could not serve',
  })
  expect(JSON.parse(lines.at(-2)!)).toMatchObject({
    error: 'no such thing; because: why',
    message: 'caused by',
  })
})
