import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { MemberContext, MemberSpec } from '../../src/base/member.ts'
import { webProcess, type WebMemberFile } from '../../src/web/members.ts'
import { freePort } from '../support/free-port.ts'
import { memberContext, startMember, webSpecs, whoAnswers } from '../support/web-member.ts'

const dir = mkdtempSync(join(tmpdir(), 'pando-web-'))
afterAll(() => rmSync(dir, { recursive: true }))

const isLinux = process.platform === 'linux'

let installations = 0
const newContext = (): MemberContext => memberContext(join(dir, `data-${++installations}`))
const specs = (port: number, processes: number): MemberSpec[] => webSpecs(dir, { port }, processes)

describe('a web process as a member', () => {
  test('is told everything in one private file, and little in its environment', async () => {
    const context = newContext()
    const [spec] = specs(await freePort(), 1)

    const launch = await webProcess.prepare(spec!, context)

    const path = launch.env['PANDO_MEMBER']!
    const file = JSON.parse(readFileSync(path, 'utf8')) as WebMemberFile
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(file).toMatchObject({ member: 'web-1', appDir: dir, dataDir: context.installation.dataDir })
    expect(file.settings.web.drainMs).toBe(2_000)
    expect(launch.args[0]).toMatch(/src\/app\/serve\.ts$/)
    expect(Object.keys(launch.env)).not.toContain('VITEST')
  })

  test('is ready when it answers on its control socket, with its size and its load', async () => {
    const context = newContext()
    const [spec] = specs(await freePort(), 1)
    const before = await webProcess.probe(spec!, context)

    await using _process = await startMember(spec!, context)

    const after = await webProcess.probe(spec!, context)
    expect(before.ready).toBe(false)
    expect(after).toMatchObject({
      ready: true,
      detail: expect.stringMatching(/^ready, \d+ MiB, loop \d+ % busy, 0 in work$/) as string,
      load: { active: 0 },
    })
  })

  test('ends with status 0 after SIGTERM', async () => {
    const context = newContext()
    const [spec] = specs(await freePort(), 1)
    const { child } = await startMember(spec!, context)

    child.kill('SIGTERM')

    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('is not started on a port that another program has', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const [spec] = specs((other.address() as AddressInfo).port, 1)

    const attempt = webProcess.prepare(spec!, newContext())

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_PORT_IN_USE', permanent: true })
    other.close()
  })

  test('behind a balancer is not started on an address that anybody has, its own installation included', async () => {
    const context = newContext()
    const [first, second] = webSpecs(dir, { port: await freePort() }, 2, ['balancer-1'])
    await using _first = await startMember(first!, context)
    const other = createServer().listen(second!.listens)
    await once(other, 'listening')

    const attempt = webProcess.prepare(second!, context)

    await expect(attempt).rejects.toMatchObject({
      code: 'WEB_PORT_IN_USE',
      fix: expect.stringContaining('`web.serverPort`') as string,
    })
    other.close()
  })

  test('is not started on an address that is not of this machine, and connects nowhere to find out', async () => {
    let connects = 0
    const count = (): void => void connects++
    subscribe('net.client.socket', count)
    // TEST-NET-1 of RFC 5737, which belongs to nobody.
    const [spec] = webSpecs(dir, { host: '192.0.2.1', port: 3000 }, 1)

    const attempt = webProcess.prepare(spec!, newContext())

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_HOST_UNAVAILABLE', permanent: true })
    unsubscribe('net.client.socket', count)
    expect(connects).toBe(0)
  })

  test('behind a balancer, on an address that this machine lacks, is told of the driver that needs none', async () => {
    const [spec] = webSpecs(dir, { port: 3000 }, 1, ['balancer-1'])
    const { web, ...rest } = spec!.settings as { web: object }
    const elsewhere = { ...spec!, settings: { ...rest, web: { ...web, host: '192.0.2.1' } } }

    const attempt = webProcess.prepare(elsewhere, newContext())

    await expect(attempt).rejects.toMatchObject({
      code: 'WEB_HOST_UNAVAILABLE',
      fix: expect.stringContaining('`balancer.driver`') as string,
    })
  })
})

describe.runIf(isLinux)('web processes that share a port', () => {
  test('both get connections', async () => {
    const context = newContext()
    const port = await freePort()
    const [first, second] = specs(port, 2)

    await using one = await startMember(first!, context)
    await using two = await startMember(second!, context)

    const answers = new Set<number>()
    for (let attempt = 0; attempt < 200 && answers.size < 2; attempt++) answers.add(await whoAnswers(port))
    expect([...answers].toSorted((a, b) => a - b)).toEqual([one.pid, two.pid].toSorted((a, b) => a - b))
  })

  test('go on without the one that is killed, and it comes back on the same port', async () => {
    const context = newContext()
    const port = await freePort()
    const [first, second] = specs(port, 2)
    await using one = await startMember(first!, context)
    const killed = await startMember(second!, context)

    killed.child.kill('SIGKILL')
    await once(killed.child, 'exit')
    const survivors = new Set<number>()
    for (let attempt = 0; attempt < 20; attempt++) survivors.add(await whoAnswers(port))
    await using again = await startMember(second!, context)

    expect([...survivors]).toEqual([one.pid])
    expect((await webProcess.probe(second!, context)).ready).toBe(true)
    expect(again.pid).not.toBe(killed.pid)
  })

  test('never share it with another installation', async () => {
    const port = await freePort()
    await using _one = await startMember(specs(port, 2)[0]!, newContext())

    const attempt = webProcess.prepare(specs(port, 2)[0]!, newContext())

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_PORT_IN_USE' })
  })
})
