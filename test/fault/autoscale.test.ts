// Web servers that come and go by themselves: real processes, a real balancer, an application that computes.

import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startPando, type Pando } from '../support/pando.ts'
import { root } from '../support/repository.ts'
import { until } from '../support/until.ts'

const WITHIN_MS = 90_000
let pando: Pando

beforeAll(async () => {
  pando = await startPando({
    appDir: join(root, 'test', 'support', 'busy-app'),
    env: {
      PANDO_STAGE: 'balanced',
      PANDO_WEB_AUTOSCALE_MIN: '1',
      PANDO_WEB_AUTOSCALE_MAX: '3',
      PANDO_WEB_AUTOSCALE_COOLDOWN_MS: '5000',
    },
  })
}, 120_000)

afterAll(async () => {
  await pando?.[Symbol.asyncDispose]()
})

const servers = async (): Promise<number> =>
  (await pando.status()).members.filter(({ tier, state }) => tier === 'web' && state === 'running').length

test('servers are added while they are busy and taken away when they are not, and no request fails', async () => {
  expect(await servers()).toBe(1)
  const over = new AbortController()
  const statuses = new Map<number, number>()
  const visitor = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const { status } = await fetch(pando.url)
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }

  const crowd = Array.from({ length: 8 }, visitor)
  await until('a second server is in service', WITHIN_MS, async () => (await servers()) >= 2)
  over.abort()
  await Promise.all(crowd)
  await until('one server is left', WITHIN_MS, async () => (await servers()) === 1)

  expect([...statuses.keys()]).toEqual([200])
  const { stdout } = await pando.command('logs', 'supervisor')
  expect(stdout).toMatch(/→ [23]/)
})
