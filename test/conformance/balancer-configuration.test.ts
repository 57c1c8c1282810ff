// HAProxy reads every configuration that the unit tests hold, and warns of nothing in it.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findHaproxy, type Haproxy } from '../../src/balancer/haproxy/binary.ts'
import { makeCertificate } from '../support/balancer/certificate.ts'
import { root } from '../support/repository.ts'

const golden = join(root, 'src', 'balancer', 'haproxy', 'golden')
const dir = mkdtempSync(join(tmpdir(), 'pando-balancer-'))
let haproxy: Haproxy

beforeAll(async () => {
  haproxy = await findHaproxy()
  makeCertificate(join(dir, 'shop.pem'), 'shop.example')
})
afterAll(() => rmSync(dir, { recursive: true }))

test.each(readdirSync(golden))('%s is accepted without a warning', (name) => {
  const text = readFileSync(join(golden, name), 'utf8').replace('/srv/shop/tls/', `${dir}/`)
  const file = join(dir, name)
  writeFileSync(file, text)

  const { status, stderr } = spawnSync(haproxy.path, ['-c', '-f', file], { encoding: 'utf8' })

  expect({ status, told: stderr.split('\n').filter((line) => /ALERT|WARNING/.test(line)) }).toEqual({
    status: 0,
    told: [],
  })
})
