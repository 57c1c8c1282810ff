import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { pandoBin, startPando } from '../support/pando.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'pando-rotate-'))
afterAll(() => rmSync(dataDir, { recursive: true, force: true }))
const rotate = (name: string): Promise<{ stdout: string }> =>
  promisify(execFile)(process.execPath, [pandoBin, 'rotate', name, '--data', dataDir])

/** Registers on the rendered page and gives the cookie of the session. */
async function register(url: string, username: string): Promise<string> {
  const answer = await fetch(`${url}/register`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url },
    body: new URLSearchParams({ username, email: `${username}@example.org`, password: 'a long password' }),
  })
  expect(answer.status).toBe(303)
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0]!)
    .join('; ')
}

const settingsStatus = async (url: string, cookie: string): Promise<number> =>
  (await fetch(`${url}/settings`, { headers: { cookie }, redirect: 'manual' })).status

/** The cookie with one character of its signature changed. */
const forged = (cookie: string): string =>
  cookie.replace(/.(?=.{9}$)/, (character) => (character === 'A' ? 'B' : 'A'))

test('a rotation of the session key logs nobody out, while the installation runs and while it does not', async () => {
  let first: string
  {
    await using pando = await startPando({ dataDir })
    first = await register(pando.url, 'rota')

    expect((await rotate('session-key')).stdout).toMatch(/number 2 signs/)

    expect(await settingsStatus(pando.url, first)).toBe(200)
    const second = await register(pando.url, 'tion')
    expect(second).toMatch(/\.2\./)
    expect(await settingsStatus(pando.url, second)).toBe(200)
  }

  expect((await rotate('session-key')).stdout).toMatch(/number 3 signs/)

  await using again = await startPando({ dataDir })
  expect(await settingsStatus(again.url, first)).toBe(200)
  expect(await settingsStatus(again.url, forged(first))).toBe(303)
})

test('a data directory that nothing was run with is refused and not made', async () => {
  const mistyped = join(dataDir, 'mistyped')
  const rotating = promisify(execFile)(process.execPath, [
    pandoBin,
    'rotate',
    'session-key',
    '--data',
    mistyped,
  ])

  await expect(rotating).rejects.toThrow(/CLI_NO_INSTALLATION/)
  expect(existsSync(mistyped)).toBe(false)
})

test('a secret that cannot be rotated is refused with the nearest name', async () => {
  await expect(rotate('session-keys')).rejects.toThrow(/did you mean session-key/)
})
