// One balancer process as a member: what stops it from being started, and what a reload may do.

import { createServer, type Server } from 'node:net'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { findHaproxy } from '../../src/balancer/haproxy/binary.ts'
import { haproxyEngine } from '../../src/balancer/haproxy/engine.ts'
import { haproxyRouter } from '../../src/balancer/haproxy/router.ts'
import { balancerMembers } from '../../src/balancer/members.ts'
import { openInstallation } from '../../src/base/installation.ts'
import { createLogger } from '../../src/base/log.ts'
import type { MemberContext, MemberSpec } from '../../src/base/member.ts'
import { balancerSettings, startBalancerFleet, withBalancer } from '../support/balancer/fleet.ts'
import { ask } from '../support/balancer/visitors.ts'
import { freePort } from '../support/free-port.ts'

const dir = mkdtempSync(join(tmpdir(), 'pando-balancer-'))
afterAll(() => rmSync(dir, { recursive: true }))

let installations = 0
const newContext = (): MemberContext => ({
  installation: openInstallation(join(dir, `data-${++installations}`)),
  appDir: dir,
  log: createLogger({ level: 'error' }),
})
const specAt = (port: number): MemberSpec => balancerMembers(balancerSettings(port, { appDir: dir }))[0]!

async function listening(port: number): Promise<Server> {
  const server = createServer().listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}

/** A HAProxy that says it has the version. */
function pretender(version: string): string {
  const bin = join(dir, `bin-${version}`)
  mkdirSync(bin)
  writeFileSync(join(bin, 'haproxy'), `#!/bin/sh\necho 'HAProxy version ${version} 2022/01/01'\n`, {
    mode: 0o755,
  })
  return bin
}

describe('a balancer process', () => {
  test('is told everything in one private file, and nothing in its environment', async () => {
    const context = newContext()

    const launch = await haproxyEngine.prepare(specAt(await freePort()), context)

    const file = join(context.installation.runDir, 'balancer-1.cfg')
    expect(launch.args).toEqual([
      '-W',
      '-db',
      '-S',
      'unix@balancer-1-master.sock,mode,600,level,admin',
      '-f',
      file,
    ])
    expect(launch.env).toEqual({})
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  test('is prepared twice with the same result', async () => {
    const context = newContext()
    const spec = specAt(await freePort())
    const file = join(context.installation.runDir, 'balancer-1.cfg')

    await haproxyEngine.prepare(spec, context)
    const first = readFileSync(file, 'utf8')
    await haproxyEngine.prepare(spec, context)

    expect(readFileSync(file, 'utf8')).toBe(first)
  })

  test('is not started on a port that another program has', async () => {
    const port = await freePort()
    const server = await listening(port)

    const prepared = haproxyEngine.prepare(specAt(port), newContext())

    await expect(prepared).rejects.toMatchObject({ code: 'BALANCER_PORT_IN_USE', details: { port } })
    server.close()
  })

  test('is not started on an address of another machine', async () => {
    const settings = balancerSettings(await freePort(), {})
    const [spec] = balancerMembers({ ...settings, served: { ...settings.served, host: '192.0.2.1' } })

    const prepared = haproxyEngine.prepare(spec!, newContext())

    await expect(prepared).rejects.toMatchObject({ code: 'BALANCER_HOST_UNAVAILABLE' })
  })

  test('is not started without its certificate, or with one that is none', async () => {
    const spec = specAt(await freePort())
    writeFileSync(join(dir, 'none.pem'), 'not a certificate', { mode: 0o600 })

    const missing = haproxyEngine.prepare(
      withBalancer(spec, { tlsCertificates: ['missing.pem'] }),
      newContext(),
    )
    const none = haproxyEngine.prepare(withBalancer(spec, { tlsCertificates: ['none.pem'] }), newContext())

    await expect(missing).rejects.toMatchObject({ code: 'BALANCER_CERTIFICATE_UNREADABLE' })
    await expect(none).rejects.toMatchObject({
      code: 'BALANCER_CONFIGURATION_REFUSED',
      message: expect.stringContaining('none.pem') as string,
    })
  })

  test('that does not run is not ready, and no router reaches it', async () => {
    const context = newContext()
    const spec = specAt(await freePort())

    const readiness = await haproxyEngine.probe(spec, context)
    const routed = haproxyRouter.route([spec], [], context)

    expect(readiness.ready).toBe(false)
    await expect(routed).rejects.toMatchObject({
      code: 'BALANCER_UNREACHABLE',
      details: { member: 'balancer-1' },
    })
  })
})

describe('HAProxy', () => {
  test('is found where it is, and runs as another user where this one is root', async () => {
    const { path, version, account } = await findHaproxy()

    expect(path).toMatch(/haproxy$/)
    expect(version).toMatch(/^[2-9]\.\d+/)
    expect(account === undefined).toBe(process.geteuid?.() !== 0)
  })

  test('older than 2.6 is refused', async () => {
    await expect(findHaproxy(pretender('2.4.22'))).rejects.toMatchObject({
      code: 'BALANCER_VERSION_UNSUPPORTED',
      details: { version: '2.4.22', least: '2.6' },
    })
  })

  test('newer than this is taken', async () => {
    expect((await findHaproxy(pretender('3.2.16'))).version).toBe('3.2.16')
  })
})

describe('a reload', () => {
  test('is for everything but another address', async () => {
    const [spec, elsewhere] = [specAt(3000), specAt(3001)]

    expect(haproxyEngine.canReload!(spec, withBalancer(spec, { rateLimitRequests: 10 }))).toBe(true)
    expect(haproxyEngine.canReload!(spec, elsewhere)).toBe(false)
  })

  test('changes what the process does, and one that is refused changes nothing', async () => {
    await using fleet = await startBalancerFleet({ servers: 1, balancer: { processes: 1 } })
    const { port } = fleet
    const [spec] = fleet.balancers
    const sticky = withBalancer(spec!, { sticky: 'cookie' })
    writeFileSync(join(dir, 'wrong.pem'), 'not a certificate', { mode: 0o600 })
    const wrong = withBalancer(sticky, { tlsCertificates: [join(dir, 'wrong.pem')] })

    await fleet.reload([sticky])
    const changed = await ask({ port })
    await expect(fleet.reload([wrong])).rejects.toMatchObject({ code: 'BALANCER_CONFIGURATION_REFUSED' })
    const same = await ask({ port })

    expect(changed.headers['set-cookie']![0]).toContain('pando-server=')
    expect(same.status).toBe(200)
    expect(readFileSync(join(fleet.context.installation.runDir, 'balancer-1.cfg'), 'utf8')).not.toContain(
      '.pem',
    )
  })

  test('that HAProxy cannot carry out is told, and the process goes on as it was until the next', async () => {
    await using fleet = await startBalancerFleet({ servers: 1, balancer: { processes: 1 } })
    const { port } = fleet
    const [spec] = fleet.balancers
    // The address of its peers is another program's.
    const host = `127.${port >> 8}.${port & 255}.254`
    const peer = createServer().listen(port, host)
    await once(peer, 'listening')

    const reloaded = fleet.reload([withBalancer(spec!, { rateLimitRequests: 10 })])

    await expect(reloaded).rejects.toMatchObject({ code: 'BALANCER_RELOAD_FAILED' })
    expect((await ask({ port })).status).toBe(200)
    expect((await fleet.route()).upstreams[0]).toMatchObject({ carriedOut: 'ready' })
    peer.close()
    await once(peer, 'close')
    await fleet.reload([withBalancer(spec!, { sticky: 'cookie' })])
    expect((await ask({ port })).headers['set-cookie']![0]).toContain('pando-server=')
  })
})
