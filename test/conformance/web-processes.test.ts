import { spawn, type ChildProcess } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { openInstallation, type Installation } from '../../src/base/installation.ts'
import { createLogger } from '../../src/base/log.ts'
import type { MemberContext, MemberSpec } from '../../src/base/member.ts'
import { moduleFile } from '../../src/base/process.ts'
import { webConfig } from '../../src/web/config.ts'
import { webMembers, webProcess, type WebMemberFile } from '../../src/web/members.ts'
import { freePort, rawConnection } from '../support/web.ts'

const dir = mkdtempSync(join(tmpdir(), 'pando-web-'))
afterAll(() => rmSync(dir, { recursive: true }))

const FIXTURE = moduleFile(import.meta.url, '../support/web-process')
const isLinux = process.platform === 'linux'
const log = createLogger({ write: () => {} })

let installations = 0
const newInstallation = (): Installation => openInstallation(join(dir, `data-${++installations}`))
const contextOf = (installation: Installation): MemberContext => ({ installation, appDir: dir, log })
const specs = (port: number, processes: number): MemberSpec[] =>
  webMembers({
    settings: webConfig.parse({ port, drainMs: 2_000 }),
    release: { dir, release: '' },
    count: processes,
    after: [],
    canShare: isLinux,
  })

interface Started extends AsyncDisposable {
  readonly child: ChildProcess
  readonly pid: number
}

/** Starts the member as a supervisor does, and waits until it is ready. */
async function start(spec: MemberSpec, context: MemberContext): Promise<Started> {
  const launch = await webProcess.prepare(spec, context)
  const child = spawn(launch.file, [FIXTURE], {
    env: launch.env,
    cwd: launch.cwd,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  await Promise.race([once(child, 'message'), exited])
  return {
    child,
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** The process that answers on a new connection. */
async function whoAnswers(port: number): Promise<number> {
  using connection = await rawConnection(port)
  connection.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  return Number((await connection.ended()).split('\r\n\r\n')[1])
}

describe('a web process as a member', () => {
  test('is told everything in one private file, and little in its environment', async () => {
    const installation = newInstallation()
    const [spec] = specs(await freePort(), 1)

    const launch = await webProcess.prepare(spec!, contextOf(installation))

    const path = launch.env['PANDO_MEMBER']!
    const file = JSON.parse(readFileSync(path, 'utf8')) as WebMemberFile
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(file).toMatchObject({ member: 'web-1', appDir: dir, dataDir: installation.dataDir })
    expect(file.settings.web.drainMs).toBe(2_000)
    expect(launch.args[0]).toMatch(/src\/app\/serve\.ts$/)
    expect(Object.keys(launch.env)).not.toContain('VITEST')
  })

  test('is ready when it answers on its control socket, with its size', async () => {
    const context = contextOf(newInstallation())
    const [spec] = specs(await freePort(), 1)
    const before = await webProcess.probe(spec!, context)

    await using _process = await start(spec!, context)

    const after = await webProcess.probe(spec!, context)
    expect(before.ready).toBe(false)
    expect(after).toEqual({ ready: true, detail: expect.stringMatching(/^ready, \d+ MiB$/) as string })
  })

  test('ends with status 0 after SIGTERM', async () => {
    const context = contextOf(newInstallation())
    const [spec] = specs(await freePort(), 1)
    const { child } = await start(spec!, context)

    child.kill('SIGTERM')

    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('is not started on a port that another program has', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const [spec] = specs((other.address() as AddressInfo).port, 1)

    const attempt = webProcess.prepare(spec!, contextOf(newInstallation()))

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_PORT_IN_USE', permanent: true })
    other.close()
  })

  test('is not started on an address that is not of this machine, and connects nowhere to find out', async () => {
    let connects = 0
    const count = (): void => void connects++
    subscribe('net.client.socket', count)
    // TEST-NET-1 of RFC 5737, which belongs to nobody.
    const settings = webConfig.parse({ host: '192.0.2.1', port: 3000 })
    const [spec] = webMembers({
      settings,
      release: { dir, release: '' },
      count: 1,
      after: [],
      canShare: isLinux,
    })

    const attempt = webProcess.prepare(spec!, contextOf(newInstallation()))

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_HOST_UNAVAILABLE', permanent: true })
    unsubscribe('net.client.socket', count)
    expect(connects).toBe(0)
  })
})

describe.runIf(isLinux)('web processes that share a port', () => {
  test('both get connections', async () => {
    const context = contextOf(newInstallation())
    const port = await freePort()
    const [first, second] = specs(port, 2)

    await using one = await start(first!, context)
    await using two = await start(second!, context)

    const answers = new Set<number>()
    for (let attempt = 0; attempt < 200 && answers.size < 2; attempt++) answers.add(await whoAnswers(port))
    expect([...answers].toSorted((a, b) => a - b)).toEqual([one.pid, two.pid].toSorted((a, b) => a - b))
  })

  test('go on without the one that is killed, and it comes back on the same port', async () => {
    const context = contextOf(newInstallation())
    const port = await freePort()
    const [first, second] = specs(port, 2)
    await using one = await start(first!, context)
    const killed = await start(second!, context)

    killed.child.kill('SIGKILL')
    await once(killed.child, 'exit')
    const survivors = new Set<number>()
    for (let attempt = 0; attempt < 20; attempt++) survivors.add(await whoAnswers(port))
    await using again = await start(second!, context)

    expect([...survivors]).toEqual([one.pid])
    expect((await webProcess.probe(second!, context)).ready).toBe(true)
    expect(again.pid).not.toBe(killed.pid)
  })

  test('never share it with another installation', async () => {
    const port = await freePort()
    await using _one = await start(specs(port, 2)[0]!, contextOf(newInstallation()))

    const attempt = webProcess.prepare(specs(port, 2)[0]!, contextOf(newInstallation()))

    await expect(attempt).rejects.toMatchObject({ code: 'WEB_PORT_IN_USE' })
  })
})
