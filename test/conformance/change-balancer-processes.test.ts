// More balancer processes and fewer, while visitors come: a process begins with the servers that the others have, keeps
// them when the others change, and one that goes refuses nobody.

import { Agent, get } from 'node:http'
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

const dir = mkdtempSync(join(tmpdir(), 'pando-processes-'))
const topologyFile = join(dir, 'pando.topology.ts')
let port: number

const pando = (
  command: string,
  ...args: readonly string[]
): Promise<{ status: number | null; text: string }> =>
  runCli([command, '--app', join(root, 'examples', 'minimal'), '--data', join(dir, 'data'), ...args])
const processes = (count: number): void =>
  writeFileSync(
    topologyFile,
    `export default ${JSON.stringify({ stage: 'balanced', balancer: { processes: count } })}\n`,
  )
const running = async (): Promise<Status['members']> => {
  const { members } = JSON.parse((await pando('status', '--json')).text) as Status
  return members.filter(({ state }) => state === 'running')
}

/** What one GET meets: a status, or how the connection broke. */
function ask(agent: Agent | false): Promise<number | string> {
  return new Promise((resolve) => {
    const request = get({ port, host: '127.0.0.1', path: '/', agent }, (response) => {
      response.resume()
      response.once('close', () => resolve(response.complete ? (response.statusCode ?? 0) : 'cut'))
    })
    request.once('error', (error) => resolve(String(error)))
  })
}

const ASK_EVERY_MS = 20

/**
 * Visitors who come fifty times a second, once with a connection of their own and once with a kept one, wait for nobody,
 * and repeat a GET once when the connection broke: an answer is final.
 */
function visit(): () => Promise<{ answered: number; failed: readonly unknown[] }> {
  const kept = new Agent({ keepAlive: true })
  let isOver = false
  const failed: unknown[] = []
  const visits: Promise<void>[] = []
  const come = async (agent: Agent | false): Promise<void> => {
    const met = [await ask(agent)]
    if (typeof met[0] === 'string') met.push(await ask(false))
    if (met.at(-1) !== 200) failed.push(met)
  }
  const coming = (async () => {
    for await (const _ of ticks(ASK_EVERY_MS)) {
      if (isOver) return
      visits.push(come(false), come(kept))
    }
  })()
  return async () => {
    isOver = true
    await coming
    await Promise.all(visits)
    kept.destroy()
    return { answered: visits.length, failed }
  }
}

beforeAll(async () => {
  port = await freePort()
  processes(2)
  const up = await pando('up', '--detach', '--topology', topologyFile, '--port', String(port))
  expect(up).toMatchObject({ status: 0 })
})

afterAll(async () => {
  await pando('down')
  rmSync(dir, { recursive: true, force: true })
})

test('balancer processes come and go without a failed request, and the web servers stay', async () => {
  const before = await running()
  const met = visit()

  const seen: string[][] = []
  for (const count of [1, 2, 3]) {
    processes(count)
    expect(await pando('apply')).toMatchObject({ status: 0 })
    seen.push((await running()).filter(({ tier }) => tier === 'balancer').map(({ name }) => name))
  }

  const { answered, failed } = await met()
  const webPids = (members: Status['members']): readonly number[] =>
    members.filter(({ tier }) => tier === 'web').map(({ pid }) => pid)
  expect(seen).toEqual([
    ['balancer-1'],
    ['balancer-1', 'balancer-2'],
    ['balancer-1', 'balancer-2', 'balancer-3'],
  ])
  expect(failed).toEqual([])
  expect(answered).toBeGreaterThan(100)
  expect(webPids(await running())).toEqual(webPids(before))
})
