import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { afterAll, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { freshSeed, seededRandom } from '../../src/base/random.ts'
import type { FileDriver } from '../../src/files/driver.ts'
import type { S3Place } from '../../src/files/drivers/s3-client.ts'
import { s3 } from '../../src/files/drivers/s3.ts'
import { contentOf } from './files-content.ts'
import { startTestStore } from './files-swift.ts'

const store = await startTestStore()
afterAll(() => store[Symbol.asyncDispose]())

const PART_BYTES = 64 * 1024
const NAMES = ['one', 'other']
const ROUNDS = 2

const openAt = (place: S3Place, partBytes = PART_BYTES): Promise<FileDriver> =>
  s3({ ...place, partBytes, temporaryMaxAgeMs: 3_600_000, clock: systemClock })

/** Runs a writer until `stop` kills it; calls `reached` when it has been acknowledged `count` times. What was last. */
async function write(
  place: S3Place,
  name: string,
  {
    count,
    reached,
    stop,
  }: { readonly count: number; readonly reached: () => unknown; readonly stop: AbortSignal },
): Promise<number> {
  const script = join(import.meta.dirname, 'files-s3-writer.ts')
  const args = [script, JSON.stringify(place), String(PART_BYTES), name]
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal: stop,
    killSignal: 'SIGKILL',
  })
  // Only says that `stop` was heard.
  child.on('error', () => {})
  const exited = new Promise((resolve) => child.once('exit', resolve))
  let last = 0
  let seen = 0
  for await (const line of createInterface({ input: child.stdout })) {
    last = Number(line)
    if (++seen === count) void reached()
  }
  await exited
  return last
}

/** The version that is there, after checking that every byte of it is. */
async function wholeVersion(driver: FileDriver, name: string): Promise<number> {
  const file = await driver.get(name)
  if (file === undefined) return 0
  const version = Number(file.contentType.slice('text/x-'.length))
  const content = Buffer.from(await new Response(file.body).arrayBuffer())
  expect(content.equals(await buffer(contentOf(name, version))), `${name} is version ${version}, whole`).toBe(
    true,
  )
  return version
}

test('what two writers were told is stored is there whole after kill -9 of them, and of the store', async () => {
  const seed = freshSeed()
  console.log(`seed ${seed}`)
  const random = seededRandom(seed)
  await store.bucket('killed')
  const place = store.place('killed')

  for (let round = 0; round < ROUNDS; round++) {
    const killsStore = round % 2 === 1
    const stop = new AbortController()
    const reached = async (): Promise<void> => {
      if (killsStore) await store.kill()
      stop.abort()
    }
    const writing = NAMES.map((name) =>
      write(place, `${name}-${round}`, { count: 2 + random.integer(8), reached, stop: stop.signal }),
    )
    const acknowledged = await Promise.all(writing)
    if (killsStore) await store.restart()

    await using driver = await openAt(place)
    for (const [index, name] of NAMES.entries()) {
      const found = await wholeVersion(driver, `${name}-${round}`)
      // Versions after it may have been stored and their acknowledgements lost on the way; 0 is none at all.
      expect(found, `${name}, seed ${seed}`).toBeGreaterThanOrEqual(acknowledged[index]!)
    }
  }
})

test('an upload whose store is killed for good fails, and the file that was there is the one that stays', async () => {
  await store.bucket('gone')
  await using driver = await openAt(store.place('gone'))
  await driver.put('f', contentOf('f', 1), 'text/x-1')
  async function* content(): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < 40; at++) {
      if (at === 20) await store.kill()
      yield Buffer.alloc(30_000, 'x')
    }
  }

  await expect(driver.put('f', content(), 'text/x-2')).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
  await expect(driver.get('f')).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
  await store.restart()

  expect(await wholeVersion(driver, 'f')).toBe(1)
})

test('every call to a store that hangs ends with an error in the time that was set, and works when it goes on', async () => {
  await store.bucket('hung')
  await using driver = await openAt({ ...store.place('hung'), timeoutMs: 300 })
  await driver.put('f', contentOf('f', 1), 'text/x-1')
  process.kill(store.pid, 'SIGSTOP')
  const startedMs = performance.now()

  const calls = [
    driver.get('f'),
    driver.head('f'),
    driver.delete('f'),
    driver.put('f', contentOf('f', 2), 'text/x-2'),
    driver.put('g', contentOf('g', 59), 'text/x-59'),
  ]
  const outcomes = await Promise.allSettled(calls)
  const tookMs = performance.now() - startedMs
  process.kill(store.pid, 'SIGCONT')

  expect(outcomes.map((outcome) => outcome.status === 'rejected' && outcome.reason.code)).toEqual(
    Array(5).fill('FILES_UNAVAILABLE'),
  )
  // Three attempts of 300 ms with pauses, and for the upload in parts as long again to give up.
  expect(tookMs).toBeLessThan(20_000)
  await expect.poll(() => wholeVersion(driver, 'f').catch(() => 0), { timeout: 10_000 }).toBeGreaterThan(0)
})

test('a reader whose connection is lost in the middle gets the rest of the same version, or an error', async () => {
  await store.bucket('read')
  await using driver = await openAt(store.place('read'), 16_000_000)
  // More than the buffers on the way hold.
  const piece = Buffer.alloc(1_000_000, 'x')
  async function* content(): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < 32; at++) yield piece
  }
  await driver.put('same', content(), 'text/plain')
  await driver.put('changed', content(), 'text/plain')

  const same = (await driver.get('same'))!.body
  const changed = (await driver.get('changed'))!.body
  await store.restart()
  await driver.put('changed', contentOf('changed', 1), 'text/x-1')

  expect((await new Response(same).bytes()).byteLength).toBe(32_000_000)
  await expect(new Response(changed).bytes()).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
})
