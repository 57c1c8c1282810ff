// What a developer sees when the application is wrong: the place, what is wrong with it, and what to do, from the one
// command that was typed. Nothing is left running.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { output, pandoBin } from '../support/pando.ts'

const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})

/** Runs `pando up --detach` on an application of these files. */
async function up(files: Readonly<Record<string, string>>): Promise<{ status: number | null; text: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'pando-application-'))
  dirs.push(dir)
  mkdirSync(join(dir, 'migrations'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  const args = [pandoBin, 'up', '--detach', '--app', dir, '--port', String(await freePort())]
  return output(process.execPath, args, { ...process.env, NO_COLOR: '1' })
}

const app = (setup: string, more = ''): string => `export default { name: 'shop', ${more} ${setup} }`

describe('pando up names what is wrong with', () => {
  test.each([
    { what: 'a handler returned bare', file: app('setup: () => () => {}'), says: /APP_SETUP_INVALID/ },
    {
      what: 'a setup that returns nothing',
      file: app('setup() {}'),
      says: /type undefined, and that cannot serve/,
    },
    {
      what: 'a setup that throws',
      file: app("setup() { throw new Error('kaboom') }"),
      says: /app\.mjs failed: kaboom/,
    },
    {
      what: 'a mistyped setting',
      file: app('setup() {}', "migration: './m',"),
      says: /did you mean migrations/,
    },
    {
      what: 'a mistyped route',
      file: app('setup() {}', "idempotent: ['POST api'],"),
      says: /idempotent\[0\], "POST api", has a path that does not begin with "\/"/,
    },
    {
      what: 'an application that awaits for ever',
      file: 'await new Promise(() => {})',
      says: /CLI_NEVER_ENDS/,
    },
  ])('$what', async ({ file, says }) => {
    const { status, text } = await up({ 'app.mjs': file })

    expect(text).toMatch(says)
    expect(status).toBeGreaterThan(0)
  })

  test('a migration that fails, with its file, line and column', async () => {
    const { status, text } = await up({
      'app.mjs': app('setup: () => ({ fetch: () => new Response() })', "migrations: './migrations',"),
      'migrations/0001_table.sql': 'create table a (id int);\ncreate table b (id itn);\n',
    })

    expect(text).toMatch(
      /✗ Migration 0001_table\.sql failed at line 2, column 20: 42704: type "itn" does not exist/,
    )
    expect(text).toMatch(/DATABASE_MIGRATION_FAILED/)
    expect(status).toBeGreaterThan(0)
  })
})
