import { describe, expect, test } from 'vitest'
import { PlatformError } from '../../base/errors.ts'
import { exitStatus, fail, ok, warn, type Check } from './check.ts'
import { judgeHaproxy } from './judge-haproxy.ts'
import {
  judgeClock,
  judgeDataDir,
  judgeDiskSpace,
  judgeFileSystem,
  judgeMemory,
  judgeNode,
  judgeOpenFiles,
  judgeUser,
} from './judge-machine.ts'
import { judgePort, judgeServers } from './judge-port.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30
const state = ({ state }: Check): Check['state'] => state

describe('Node.js', () => {
  test.each(['v24.15.0', 'v24.21.0', 'v26.0.0', 'v27.1.0'])('%s is good', (version) => {
    expect(state(judgeNode(version))).toBe('ok')
  })

  test.each(['v20.19.0', 'v24.14.9', 'v25.9.0'])('%s is refused with a way to get another', (version) => {
    expect(judgeNode(version)).toMatchObject({ state: 'fail', fix: expect.stringContaining('node@24') })
  })
})

describe('the user', () => {
  test('root is warned of, with the command that runs it as somebody else', () => {
    expect(judgeUser(0)).toMatchObject({ state: 'warn', fix: expect.stringContaining('useradd') })
  })

  test('anybody else is good, also where there are no ids', () => {
    expect(state(judgeUser(1000))).toBe('ok')
    expect(state(judgeUser(undefined))).toBe('ok')
  })
})

describe('memory', () => {
  test('is warned of when the machine or what is left of it is small', () => {
    expect(state(judgeMemory({ totalBytes: 400 * MIB, availableBytes: 390 * MIB }))).toBe('warn')
    expect(state(judgeMemory({ totalBytes: 8 * GIB, availableBytes: 100 * MIB }))).toBe('warn')
    expect(state(judgeMemory({ totalBytes: 8 * GIB, availableBytes: 4 * GIB }))).toBe('ok')
  })
})

describe('the limit of open files', () => {
  test('is warned of below what the allowed connections take, with the number to set', () => {
    expect(judgeOpenFiles(1_024, 10_000)).toMatchObject({
      state: 'warn',
      fix: expect.stringContaining('ulimit -n 10500'),
    })
    expect(state(judgeOpenFiles(10_500, 10_000))).toBe('ok')
    expect(state(judgeOpenFiles(undefined, 10_000))).toBe('ok')
  })
})

describe('the clock', () => {
  const now = Date.UTC(2026, 0, 2)

  test('fails when files were written later than now', () => {
    expect(judgeClock(now, now + 3_600_000)).toMatchObject({
      state: 'fail',
      fix: expect.stringContaining('timedatectl'),
    })
  })

  test('may be a minute behind a file', () => {
    expect(state(judgeClock(now, now + 60_000))).toBe('ok')
  })
})

describe('the disk', () => {
  test('is warned of under 1 GiB and fails when the database could not start', () => {
    expect(state(judgeDiskSpace('/srv', GIB))).toBe('ok')
    expect(state(judgeDiskSpace('/srv', GIB - 1))).toBe('warn')
    expect(state(judgeDiskSpace('/srv', 63 * MIB))).toBe('fail')
  })

  test.each([
    ['ext4', 0xef53, 'ok'],
    ['xfs', 0x58465342, 'ok'],
    ['tmpfs', 0x01021994, 'warn'],
    ['nfs', 0x6969, 'warn'],
    ['overlay', 0x794c7630, 'warn'],
  ] as const)('with %s is named and judged', (name, type, expected) => {
    expect(judgeFileSystem('/srv', type)).toMatchObject({
      state: expected,
      found: expect.stringContaining(name),
    })
  })

  test('of an unknown kind is no reason to worry', () => {
    expect(judgeFileSystem('/srv', 0x1234)).toMatchObject({ state: 'ok', found: '0x1234 at /srv' })
    expect(state(judgeFileSystem('/srv', undefined))).toBe('ok')
  })
})

describe('the data directory', () => {
  test('fails when it cannot be written, with the command that gives it to you', () => {
    expect(judgeDataDir('/srv/data', true, 'cannot be written by you (uid 7)')).toMatchObject({
      state: 'fail',
      found: '/srv/data cannot be written by you (uid 7)',
      fix: expect.stringContaining('chown -R'),
    })
    expect(judgeDataDir('/srv/data', false, undefined).found).toBe('/srv/data can be made')
  })
})

describe('HAProxy', () => {
  test('is good with its version and where it is', () => {
    expect(judgeHaproxy({ path: '/usr/sbin/haproxy', version: '2.6.12' })).toEqual({
      name: 'haproxy',
      state: 'ok',
      found: '2.6.12, /usr/sbin/haproxy',
    })
  })

  test('fails when it is missing, with the command that installs it', () => {
    const missing = new PlatformError('BALANCER_ENGINE_MISSING', { looked: ['/usr/sbin/haproxy'] })

    expect(judgeHaproxy(missing)).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('/usr/sbin/haproxy'),
      fix: expect.stringContaining('apt-get install haproxy'),
    })
  })

  test('fails when it is too old, with both versions', () => {
    const old = { path: '/usr/sbin/haproxy', version: '2.2.9', least: '2.6' }

    const check = judgeHaproxy(new PlatformError('BALANCER_VERSION_UNSUPPORTED', old))

    expect(check).toMatchObject({ state: 'fail', found: expect.stringMatching(/2\.2\.9.*2\.6/) })
  })
})

describe('the port', () => {
  test('is good when it is free or serves this installation', () => {
    expect(state(judgePort('127.0.0.1', 3000, 'free', false))).toBe('ok')
    expect(judgePort('127.0.0.1', 3000, 'EADDRINUSE', true).found).toMatch('serves this installation')
  })

  test.each(['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'EINVAL'])(
    'fails on %s with something to do',
    (code) => {
      expect(judgePort('127.0.0.1', 80, code, false)).toMatchObject({
        state: 'fail',
        fix: expect.stringMatching(/./),
      })
    },
  )
})

describe('the place of the first web server', () => {
  const place = { host: '127.11.184.1', port: 8080 }
  const judged = (probe: string, isOurs = false): Check => judgeServers(place, probe, { isOurs, count: 16 })

  test('is good when free, or when this installation serves there', () => {
    expect(state(judged('free'))).toBe('ok')
    expect(judged('EADDRINUSE', true).found).toMatch('serves this installation')
  })

  test('that the machine does not have comes with the command that gives it all of them', () => {
    expect(judged('EADDRNOTAVAIL')).toMatchObject({
      state: 'fail',
      fix: expect.stringContaining('for n in $(seq 16); do sudo ifconfig lo0 alias 127.11.184.$n; done'),
    })
  })

  test.each(['EADDRINUSE', 'EINVAL'])('fails on %s with the setting to change', (code) => {
    expect(judged(code)).toMatchObject({ state: 'fail', fix: expect.stringContaining('web.serverPort') })
  })
})

describe('the exit status', () => {
  test('is 1 when a check failed, and a warning is no failure', () => {
    expect(exitStatus([ok('a', ''), warn('b', '', '')])).toBe(0)
    expect(exitStatus([ok('a', ''), fail('b', '', '')])).toBe(1)
  })
})
