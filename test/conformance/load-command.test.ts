// `pando load` as a person calls it, with a mix file of their own.

import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { register } from '../../src/cli/commands/load.ts'
import type { LoadResult } from '../../src/load/result.ts'

const MIX = `export default {
  name: 'pages', about: 'Reads pages, writes some.',
  variables: { page: { default: 'home', about: 'Which page.' } },
  prepare: async ({ variables }) => variables.page,
  calls: {
    read: { percent: 80, request: (page) => ({ method: 'GET', path: '/' + page }) },
    write: { percent: 20, request: () => ({ method: 'POST', path: '/', onAnswer: () => ({ key: 'page' }) }) },
  },
  readBack: () => [{ reader: 'anonymous', path: '/', shows: (answer) => answer.status === 200 }],
}
`
let dir: string
let server: Server
let url: string
const paths: string[] = []

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pando-load-'))
  writeFileSync(join(dir, 'pages.mts'), MIX)
  server = createServer((request, response) => {
    paths.push(request.url!)
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterAll(() => {
  rmSync(dir, { recursive: true })
  server.closeAllConnections()
  server.close()
})

async function pandoLoad(args: readonly string[]): Promise<string> {
  let output = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => Boolean((output += String(text))))
  vi.spyOn(process.stderr, 'write').mockImplementation(() => true)
  const program = new Command().exitOverride()
  register(program)
  await program.parseAsync(['load', ...args], { from: 'user' })
  return output
}

/** Drives the mix of this file for a second. */
const drivePages = (rate: number, ...more: readonly string[]): Promise<string> => {
  const drive = [url, '--mix', join(dir, 'pages.mts'), '--seconds', '1', '--warmup', '0']
  return pandoLoad([...drive, '--rate', String(rate), ...more])
}

describe('pando load', () => {
  test('drives the mix, prints its seed and table, and writes the result and the acknowledged writes', async () => {
    const json = join(dir, 'result.json')
    const acknowledged = join(dir, 'writes.jsonl')

    const output = await drivePages(
      100,
      '--seed',
      '42',
      '--var',
      'page=about',
      '--json',
      json,
      '--acknowledged',
      acknowledged,
    )

    const result = JSON.parse(readFileSync(json, 'utf8')) as LoadResult
    expect(output).toContain('seed 42')
    expect(output).toContain('p99.9')
    expect(paths.filter((path) => path === '/about')).toHaveLength(result.calls['read']!.ok)
    expect(readFileSync(acknowledged, 'utf8').trim().split('\n')).toHaveLength(result.calls['write']!.ok)
  })

  test('with --json - gives the result alone on standard output', async () => {
    const output = await drivePages(20, '--json', '-')

    expect((JSON.parse(output) as LoadResult).mix).toBe('pages')
  })

  test('with --verify checks the writes of an earlier run and sends no load', async () => {
    const acknowledged = join(dir, 'verified.jsonl')
    await drivePages(50, '--acknowledged', acknowledged)

    const output = await pandoLoad([url, '--mix', join(dir, 'pages.mts'), '--verify', acknowledged])

    expect(output).toContain('1 things checked, 0 missing')
  })

  test.each([
    ['an address that is none', ['nowhere', '--mix', 'pages.mts'], 'LOAD_OPTION_INVALID', 'nowhere'],
    [
      'an address with a password, which nothing would send',
      ['http://me:hunter2@127.0.0.1:1', '--mix', 'pages.mts'],
      'LOAD_OPTION_INVALID',
      'http://me:***@127.0.0.1:1',
    ],
    [
      'a result file that cannot be written, before anything is sent',
      ['http://127.0.0.1:1', '--mix', 'pages.mts', '--json', '/no/such/place.json'],
      'LOAD_FILE_UNUSABLE',
      '--json',
    ],
    [
      'a record of writes that cannot be written',
      ['http://127.0.0.1:1', '--mix', 'pages.mts', '--acknowledged', '/no/such/place.jsonl'],
      'LOAD_FILE_UNUSABLE',
      '--acknowledged',
    ],
    [
      'a record of writes that is not there',
      ['http://127.0.0.1:1', '--mix', 'pages.mts', '--verify', '/no/such/place.jsonl'],
      'LOAD_FILE_UNUSABLE',
      '--verify',
    ],
    [
      'a mix file that is not there, with the nearest name',
      ['URL', '--mix', 'page.mts'],
      'LOAD_MIX_NOT_FOUND',
      'pages.mts?',
    ],
    [
      'seconds that are no number',
      ['URL', '--mix', 'pages.mts', '--seconds', 'ten'],
      'LOAD_OPTION_INVALID',
      '--seconds',
    ],
    [
      'a variable that the mix lacks',
      ['URL', '--mix', 'pages.mts', '--var', 'pages=1'],
      'LOAD_VARIABLE_UNKNOWN',
      'page?',
    ],
  ])('refuses %s', async (_, args, code, message) => {
    const real = args.map((arg) => (arg === 'URL' ? url : arg.endsWith('.mts') ? join(dir, arg) : arg))

    await expect(pandoLoad(real)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    })
  })
})
