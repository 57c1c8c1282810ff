// From one web process to web servers behind HAProxy and back, while visitors come: for some seconds both have the port.

import { get } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { setInterval as ticks } from 'node:timers/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runCli } from '../support/cli.ts'
import { freePort } from '../support/free-port.ts'
import { type Status } from '../support/pando.ts'
import { root } from '../support/repository.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const dir = mkdtempSync(join(tmpdir(), 'pando-way-in-'))
const topologyFile = join(dir, 'pando.topology.ts')
let port: number

const pando = (
  command: string,
  ...args: readonly string[]
): Promise<{ status: number | null; text: string }> =>
  runCli([command, '--app', join(root, 'examples', 'minimal'), '--data', join(dir, 'data'), ...args])
const topology = (settings: object): void =>
  writeFileSync(topologyFile, `export default ${JSON.stringify(settings)}\n`)
const names = async (): Promise<readonly string[]> => {
  const { members } = JSON.parse((await pando('status', '--json')).text) as Status
  return members.filter(({ state }) => state === 'running').map(({ name }) => name)
}

/** What a visitor with a connection of his own meets. */
function ask(): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path: '/', agent: false }, (response) => {
      response.resume()
      response.once('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 'cut'))
    })
    request.once('error', (error) => resolve(String(error)))
  })
}

const ASK_EVERY_MS = 10

/** Visitors who come a hundred times a second, wait for nobody, and ask once more when they meet nobody. */
function visit(): () => Promise<{ answered: number; failed: readonly unknown[] }> {
  let isOver = false
  const failed: unknown[] = []
  const visits: Promise<void>[] = []
  const coming = (async () => {
    for await (const _ of ticks(ASK_EVERY_MS)) {
      if (isOver) return
      visits.push(
        (async () => {
          const met = [await ask()]
          if (met[0] !== 200) met.push(await ask())
          if (met.at(-1) !== 200) failed.push(met)
        })(),
      )
    }
  })()
  return async () => {
    isOver = true
    await coming
    await Promise.all(visits)
    return { answered: visits.length, failed }
  }
}

beforeAll(async () => {
  port = await freePort()
  topology({ stage: 'single' })
  const up = await pando('up', '--detach', '--topology', topologyFile, '--port', String(port))
  expect(up).toMatchObject({ status: 0 })
})

afterAll(async () => {
  await pando('down')
  rmSync(dir, { recursive: true, force: true })
})

test('a balancer comes before the only web server, and goes again, without a failed request', async () => {
  const met = visit()

  topology({ stage: 'balanced' })
  const there = await pando('apply')
  const balanced = await names()
  topology({ stage: 'single' })
  const back = await pando('apply')
  const single = await names()

  expect(there).toMatchObject({ status: 0 })
  expect(balanced).toEqual(['database', 'balancer-1', 'balancer-2', 'web-1', 'web-2', 'web-3'])
  expect(back).toMatchObject({ status: 0 })
  expect(single).toEqual(['database', 'web-1'])
  const { answered, failed } = await met()
  expect(failed).toEqual([])
  expect(answered).toBeGreaterThan(100)
})
