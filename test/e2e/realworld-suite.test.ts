// The official RealWorld suite against the running example. The suite is not part of this repository: REALWORLD_SUITE
// names the directory that holds its runner `run.mjs` and the official `hurl/` files (realworld-apps/realworld). Without
// it this file has no tests, and the contract is held by conduit-api.test.ts alone.

import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { output, startPando, type Pando } from '../support/pando.ts'
import { root } from '../support/repository.ts'

const suite = process.env['REALWORLD_SUITE']

describe.runIf(suite !== undefined).each([
  { what: 'one web process and an empty database', env: {} },
  { what: 'one web process and size M', env: {}, size: 'M' },
  { what: 'a web process per core and an empty database', env: { PANDO_WEB_PROCESSES: 'cores' } },
  { what: 'three web servers behind the balancer', env: { PANDO_STAGE: 'balanced' } },
  { what: 'three web servers addressed in turn', env: { PANDO_STAGE: 'balanced' }, inTurn: true },
])('the official suite on $what', ({ env, size, inTurn }) => {
  let pando: Pando
  beforeAll(async () => {
    pando = await startPando({ env })
    if (size === undefined) return
    const seed = [
      join(root, 'examples', 'conduit', 'seed', 'main.ts'),
      '--size',
      size,
      '--data',
      pando.dataDir,
    ]
    const seeded = await output(process.execPath, seed, process.env)
    expect(seeded.status, seeded.text).toBe(0)
  }, 240_000)
  afterAll(async () => {
    await pando[Symbol.asyncDispose]()
  })

  test.each([
    { client: 'a client that keeps cookies', args: [] },
    { client: 'a client without cookies', args: ['--no-cookies'] },
  ])('passes for $client', async ({ args }) => {
    const { status, text } = await output(process.execPath, [join(suite!, 'run.mjs'), '--quiet', ...args], {
      ...process.env,
      BASE_URL: inTurn === true ? await serversOf(pando) : pando.url,
    })

    expect(text).toMatch(/requests 154\/154/)
    expect(status, text).toBe(0)
  })
})

const serversOf = async (pando: Pando): Promise<string> => {
  const servers = (await pando.status()).members.filter(({ tier }) => tier === 'web')
  return servers.map(({ address }) => address).join(',')
}
