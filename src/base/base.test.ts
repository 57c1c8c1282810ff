import fc from 'fast-check'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { backoff } from './backoff.ts'
import { systemClock } from './clock.ts'
import {
  installationSecret,
  announceSecret,
  installationSecrets,
  openInstallation,
  promoteSecret,
  socketDirectory,
} from './installation.ts'
import { limitBytes, semaphore } from './limits.ts'
import { createLogger } from './log.ts'
import { identify, isRunning, signalProcess } from './process.ts'
import { seededRandom } from './random.ts'

describe('the system clock', () => {
  test('a sleep ends with the reason of its signal as soon as that aborts', async () => {
    const abort = new AbortController()
    const sleeping = systemClock.sleep(60_000, abort.signal)

    abort.abort(new Error('enough'))

    await expect(sleeping).rejects.toThrow('enough')
    await expect(systemClock.sleep(60_000, abort.signal)).rejects.toThrow('enough')
  })
})

describe('seeded randomness', () => {
  test('the same seed gives the same sequence and another seed another', () => {
    const draw = (seed: number): number[] => {
      const random = seededRandom(seed)
      return Array.from({ length: 5 }, () => random.integer(1_000_000))
    }

    expect(draw(7)).toEqual(draw(7))
    expect(draw(7)).not.toEqual(draw(8))
  })

  test('a fork does not depend on what was drawn before it', () => {
    const fresh = seededRandom(7)
    const used = seededRandom(7)
    used.next()

    expect(used.fork('a').next()).toBe(fresh.fork('a').next())
    expect(fresh.fork('a').next()).not.toBe(fresh.fork('b').next())
  })

  test('values are spread evenly over [0, 1)', () => {
    const random = seededRandom(1)
    const counts = Array.from({ length: 10 }, () => 0)

    for (let drawn = 0; drawn < 100_000; drawn++) counts[Math.floor(random.next() * 10)]!++

    expect(Math.min(...counts)).toBeGreaterThan(9_600)
    expect(Math.max(...counts)).toBeLessThan(10_400)
  })
})

describe('backoff', () => {
  test('delays double up to the largest and end after the attempts', () => {
    expect([...backoff({ firstMs: 100, maxMs: 500, attempts: 5 })]).toEqual([100, 200, 400, 500, 500])
  })

  test('with randomness every delay lies between half and the whole', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const plain = [...backoff({ firstMs: 8, maxMs: 1_000, attempts: 8 })]
        const drawn = [...backoff({ firstMs: 8, maxMs: 1_000, attempts: 8, random: seededRandom(seed) })]

        expect(drawn.every((delayMs, index) => delayMs >= plain[index]! / 2 && delayMs < plain[index]!)).toBe(
          true,
        )
      }),
    )
  })
})

describe('a semaphore', () => {
  test('runs no more than its places at once, in order, and refuses beyond its queue', async () => {
    const places = semaphore('The hasher', 1, 1)
    const gate = Promise.withResolvers<void>()
    const order: string[] = []

    const first = places.run(async () => {
      order.push('first begins')
      await gate.promise
      order.push('first ends')
    })
    const second = places.run(async () => void order.push('second'))
    const third = places.run(async () => {})

    await expect(third).rejects.toMatchObject({ code: 'BASE_OVERLOADED' })
    gate.resolve()
    await Promise.all([first, second])
    expect(order).toEqual(['first begins', 'first ends', 'second'])
  })

  test('gives its place back when the work fails', async () => {
    const places = semaphore('The hasher', 1, 1)

    await expect(places.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')

    await expect(places.run(() => Promise.resolve('yes'))).resolves.toBe('yes')
  })
})

describe('limitBytes', () => {
  test('passes up to the limit and throws with the chunk that exceeds it', async () => {
    async function* source(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(3)
      yield new Uint8Array(2)
      yield new Uint8Array(1)
    }
    const seen: number[] = []
    const reading = (async () => {
      for await (const chunk of limitBytes(source(), 5, () => new Error('too large'))) seen.push(chunk.length)
    })()

    await expect(reading).rejects.toThrow('too large')
    expect(seen).toEqual([3, 2])
  })
})

describe('a log line', () => {
  const lines: string[] = []
  const logger = createLogger({ write: (line) => lines.push(line), now: () => 0 })
  afterEach(() => void (lines.length = 0))

  test('is JSON with time, level, fields and a constant message', () => {
    logger.child({ tier: 'web' }).info({ port: 3000 }, 'listening')

    expect(JSON.parse(lines[0]!)).toEqual({
      time: '1970-01-01T00:00:00.000Z',
      level: 'info',
      tier: 'web',
      port: 3000,
      message: 'listening',
    })
  })

  test('never shows a secret', () => {
    logger.warn(
      { password: 'hunter2', sessionToken: 'abc', cookie: 'x=y', authorization: 'Bearer z' },
      'refused',
    )

    expect(lines[0]).not.toMatch(/hunter2|abc|x=y|Bearer z/)
  })

  test('never shows a secret inside a field either, and an error anywhere is told in one line', () => {
    const request = {
      headers: [{ authorization: 'Bearer hunter2' }],
      user: { passwordHash: '$scrypt$hunter2' },
    }
    const failed = { cause: new Error('broken') }
    logger.warn({ request, failed, apiKey: 'hunter2', jwt: 'hunter2' }, 'refused')

    expect(lines[0]).not.toContain('hunter2')
    expect(JSON.parse(lines[0]!).failed).toEqual({ cause: 'broken' })
  })

  test('tells why a foreign error came about', () => {
    const error = new Error('could not save', { cause: new Error('disk full') })
    logger.error({ error }, 'failed')

    expect(lines[0]).toContain('disk full')
  })

  test('is written whatever its fields are', () => {
    const circular: Record<string, unknown> = { n: 1n }
    circular['self'] = circular
    const throwing = {
      toJSON(): never {
        throw new Error('not now')
      },
    }
    logger.info({ circular, throwing, deep: { n: 2n } }, 'odd')

    expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'info', message: 'odd', deep: { n: '2' } })
  })

  test('below the level is not written', () => {
    logger.debug({}, 'detail')

    expect(lines).toEqual([])
  })
})

describe('an installation', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pando-base-'))
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  test('keeps a secret that is made once, in a file for its owner only', () => {
    const installation = openInstallation(dir)

    const secret = installationSecret(installation, 'session-key')

    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(installationSecret(installation, 'session-key')).toBe(secret)
    expect(installationSecret(installation, 'other')).not.toBe(secret)
    expect(statSync(join(dir, 'secrets', 'session-key')).mode & 0o777).toBe(0o600)
    expect(statSync(join(dir, 'secrets')).mode & 0o777).toBe(0o700)
    expect(readdirSync(join(dir, 'secrets')).toSorted()).toEqual(['other', 'session-key'])
  })

  test.each(['../run/x', 'app-/../session-key', 'A', 'a b', ''])('has no secret called %j', (name) => {
    const installation = openInstallation(dir)

    expect(() => installationSecret(installation, name)).toThrow('is no name of a secret')
  })

  test('announces a secret that verifies and does not sign, and promotes it', () => {
    const installation = openInstallation(dir)
    const ids = (): string[] => installationSecrets(installation, 'session-key').map(({ id }) => id)

    expect(announceSecret(installation, 'session-key')).toBe('2')
    expect(ids()).toEqual(['1', '2'])

    expect(promoteSecret(installation, 'session-key')).toBe('2')
    expect(ids()).toEqual(['2', '1'])
  })

  test('announces the same secret until it is promoted', () => {
    const installation = openInstallation(dir)
    const first = announceSecret(installation, 'session-key')
    const known = installationSecrets(installation, 'session-key')

    expect(announceSecret(installation, 'session-key')).toBe(first)
    expect(installationSecrets(installation, 'session-key')).toEqual(known)

    promoteSecret(installation, 'session-key')
    expect(announceSecret(installation, 'session-key')).toBe('3')
  })

  test('keeps the secrets that a rotation replaced as they were, at most 8', () => {
    const installation = openInstallation(dir)
    const [first] = installationSecrets(installation, 'session-key')
    const rotate = (): void => {
      announceSecret(installation, 'session-key')
      promoteSecret(installation, 'session-key')
    }

    rotate()
    expect(installationSecrets(installation, 'session-key')[1]).toEqual(first)

    for (let more = 0; more < 8; more++) rotate()
    const ids = installationSecrets(installation, 'session-key').map(({ id }) => id)
    expect(ids).toEqual(['10', '9', '8', '7', '6', '5', '4', '3'])
  })

  test('keeps sockets below itself, or in a directory short enough for them', () => {
    const deep = join(dir, 'a'.repeat(90))

    expect(socketDirectory(openInstallation(dir), 'run')).toBe(join(dir, 'run'))
    const elsewhere = socketDirectory(openInstallation(deep), 'run')
    expect(Buffer.byteLength(elsewhere)).toBeLessThan(80)
    expect(statSync(elsewhere).mode & 0o777).toBe(0o700)
    rmSync(join(elsewhere, '..'), { recursive: true })
  })
})

describe('a process identity', () => {
  test('holds for the process itself and for nobody who takes its pid later', () => {
    const self = identify(process.pid)!

    expect(isRunning(self)).toBe(true)
    expect(isRunning({ ...self, startedAt: 'earlier' })).toBe(false)
    expect(signalProcess({ ...self, startedAt: 'earlier' }, 'SIGKILL')).toBe(false)
  })

  test('ends with the process, even before its parent has asked how it ended', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
    const identity = identify(child.pid!)!
    const ended = new Promise((resolve) => child.once('exit', resolve))

    expect(signalProcess(identity, 'SIGKILL')).toBe(true)
    await ended

    expect(isRunning(identity)).toBe(false)
  })

  test('does not exist for pids that nothing has', () => {
    expect(identify(0)).toBeUndefined()
    expect(identify(-1)).toBeUndefined()
    expect(identify(2 ** 30)).toBeUndefined()
  })
})
