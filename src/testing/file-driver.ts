// What every file driver must do, as tests. A driver passes when this suite passes against the real thing.
//
// import { testFileDriver } from 'pando/testing'
// testFileDriver({ name: 'fs', open: (place, clock) => fs({ root: join(dir, place), temporaryMaxAgeMs, clock }) })

import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { Clock } from '../base/clock.ts'
import { secretToken, seededRandom } from '../base/random.ts'
import type { FileDriver } from '../files/driver.ts'
import { fakeClock } from './clock.ts'

export interface FileDriverHarness {
  readonly name: string
  /** Opens the driver on `place` (`[a-z0-9-]+`): empty the first time, and afterwards what was stored there. */
  open(place: string, clock: Clock): Promise<FileDriver>
}

const MEBIBYTE = 1024 * 1024

export function testFileDriver(harness: FileDriverHarness): void {
  const openNew = (clock: Clock = fakeClock()): Promise<FileDriver> => harness.open(freshPlace(), clock)

  describe(`file driver ${harness.name}`, () => {
    testStoring(openNew)
    testRanges(openNew)
    testFailingSources(openNew)
    testVersions(openNew)
    testLifecycle(harness)
  })
}

type OpenNew = (clock?: Clock) => Promise<FileDriver>

function testStoring(openNew: OpenNew): void {
  test('a stored file is read back with its content, media type, size, digest and time', async () => {
    const clock = fakeClock(Date.UTC(2026, 4, 6, 7, 8, 9))
    await using driver = await openNew(clock)

    const stored = await driver.put('a/b.txt', chunks('hello ', 'world'), 'text/plain; charset=utf-8')

    const { body, ...info } = (await driver.get('a/b.txt'))!
    expect(await text(body)).toBe('hello world')
    expect(info).toEqual({
      name: 'a/b.txt',
      sizeBytes: 11,
      contentType: 'text/plain; charset=utf-8',
      etag: expect.stringMatching(/^"[!#-~]+"$/),
      modifiedAt: new Date(Date.UTC(2026, 4, 6, 7, 8, 9)),
    })
    expect(stored).toEqual(info)
    expect(await driver.head('a/b.txt')).toEqual(info)
  })

  test('other content has another etag, in the same place and of the same size', async () => {
    await using driver = await openNew()

    const one = await driver.put('f', chunks('one'), 'text/plain')
    const two = await driver.put('f', chunks('two'), 'text/plain')

    expect(two.etag).not.toBe(one.etag)
    expect((await driver.get('f'))!.etag).toBe(two.etag)
  })

  test('a file that was never stored is absent', async () => {
    await using driver = await openNew()

    expect(await driver.get('absent')).toBeUndefined()
    expect(await driver.head('absent')).toBeUndefined()
    expect(await driver.delete('absent')).toBe(false)
  })

  test('an empty file is a file', async () => {
    await using driver = await openNew()

    await driver.put('empty', chunks(), 'text/plain')

    expect((await driver.head('empty'))!.sizeBytes).toBe(0)
    expect(await text((await driver.get('empty'))!.body)).toBe('')
  })

  test('a file of many chunks is read back byte for byte', async () => {
    await using driver = await openNew()
    const content = noise(3 * MEBIBYTE + 17)

    await driver.put('large', slices(content, 100_003), 'application/octet-stream')

    expect(digest(await bytes((await driver.get('large'))!.body))).toBe(digest(content))
  })

  test('storing again replaces content and media type', async () => {
    await using driver = await openNew()
    await driver.put('f', chunks('a much longer first content'), 'text/html')

    await driver.put('f', chunks('second'), 'text/plain')

    const file = (await driver.get('f'))!
    expect([file.contentType, file.sizeBytes, await text(file.body)]).toEqual(['text/plain', 6, 'second'])
  })

  test('a deleted file is absent, and its deletion is told that it was there', async () => {
    await using driver = await openNew()
    await driver.put('f', chunks('x'), 'text/plain')

    const told = await Promise.all([driver.delete('f'), driver.delete('f'), driver.delete('f')])

    const most = driver.capabilities.deletesOnce ? 1 : told.length
    expect(told).toContain(true)
    expect(told.filter(Boolean).length).toBeLessThanOrEqual(most)
    expect(await driver.delete('f')).toBe(false)
    expect(await driver.get('f')).toBeUndefined()
  })

  test('a name may be the beginning of another, and names differ by case, accents and spaces', async () => {
    await using driver = await openNew()
    const names = [
      'a',
      'a/b',
      'a/b/c',
      'A',
      'a/B',
      'ä',
      'a b',
      'a+b',
      'a,b',
      `${'x'.repeat(255)}/y`,
      '日本/語',
    ]

    for (const name of names) await driver.put(name, chunks(`content of ${name}`), 'text/plain')

    for (const name of names) expect(await text((await driver.get(name))!.body)).toBe(`content of ${name}`)
  })
}

function testRanges(openNew: OpenNew): void {
  const cases = [
    { title: 'its first bytes', range: { start: 0, end: 1 }, gives: '01', at: { start: 0, end: 1 } },
    { title: 'one byte', range: { start: 9, end: 9 }, gives: '9', at: { start: 9, end: 9 } },
    { title: 'all from a position on', range: { start: 7 }, gives: '789', at: { start: 7, end: 9 } },
    {
      title: 'an end behind the last byte',
      range: { start: 8, end: 99 },
      gives: '89',
      at: { start: 8, end: 9 },
    },
    { title: 'its last bytes', range: { suffix: 3 }, gives: '789', at: { start: 7, end: 9 } },
    {
      title: 'more last bytes than it has',
      range: { suffix: 99 },
      gives: '0123456789',
      at: { start: 0, end: 9 },
    },
  ]
  test.each(cases)('a range gives $title', async ({ range, gives, at }) => {
    await using driver = await openNew()
    await driver.put('digits', chunks('01234', '56789'), 'text/plain')

    const file = (await driver.get('digits', range))!

    expect(await text(file.body)).toBe(gives)
    expect(file.range).toEqual(at)
    expect(file.sizeBytes).toBe(10)
  })

  test.each([{ start: 10 }, { suffix: 0 }, { start: 3, end: 2 }, { start: -1 }, { start: 0.5 }])(
    'a range that selects nothing is refused: %o',
    async (range) => {
      await using driver = await openNew()
      await driver.put('digits', chunks('0123456789'), 'text/plain')

      const refused = driver.get('digits', range)

      await expect(refused).rejects.toMatchObject({ code: 'FILES_RANGE_INVALID', details: { sizeBytes: 10 } })
    },
  )

  test('a range of a large file is exact on both sides', async () => {
    await using driver = await openNew()
    const content = noise(2 * MEBIBYTE)
    await driver.put('large', slices(content, 65_536), 'application/octet-stream')

    const file = (await driver.get('large', { start: 65_535, end: 1_500_000 }))!

    expect(digest(await bytes(file.body))).toBe(digest(content.subarray(65_535, 1_500_001)))
  })

  test('a range of an absent file is absent, and every range of an empty one is refused', async () => {
    await using driver = await openNew()
    await driver.put('empty', chunks(), 'text/plain')

    expect(await driver.get('absent', { start: 0 })).toBeUndefined()
    await expect(driver.get('empty', { suffix: 1 })).rejects.toMatchObject({ code: 'FILES_RANGE_INVALID' })
  })
}

function testFailingSources(openNew: OpenNew): void {
  test('a source that fails leaves what was there, and its own error is passed on', async () => {
    await using driver = await openNew()
    await driver.put('f', chunks('before'), 'text/plain')
    const broken = new Error('the visitor has gone')

    await expect(driver.put('f', failing(broken, 'half of', ' it'), 'text/html')).rejects.toBe(broken)

    const file = (await driver.get('f'))!
    expect([file.contentType, await text(file.body)]).toEqual(['text/plain', 'before'])
  })

  test('a source that fails creates nothing', async () => {
    await using driver = await openNew()

    await expect(driver.put('f', failing(new Error('gone'), 'half'), 'text/plain')).rejects.toThrow('gone')

    expect(await driver.head('f')).toBeUndefined()
  })

  test('content appears when all of it has come, and not before', async () => {
    await using driver = await openNew()
    const gate = Promise.withResolvers<void>()
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('first ')
      await gate.promise
      yield Buffer.from('second')
    }

    const storing = driver.put('f', slow(), 'text/plain')
    const meanwhile = await driver.head('f')
    gate.resolve()
    await storing

    expect(meanwhile).toBeUndefined()
    expect(await text((await driver.get('f'))!.body)).toBe('first second')
  })

  test('a chunk is stored before the next one is asked for, so that a source may use its buffer again', async () => {
    await using driver = await openNew()
    async function* reusing(): AsyncGenerator<Uint8Array> {
      const buffer = Buffer.alloc(10_000)
      for (let filling = 0; filling < 50; filling++) yield buffer.fill(filling)
    }

    await driver.put('f', reusing(), 'text/plain')

    const expected = Buffer.concat(Array.from({ length: 50 }, (_, filling) => Buffer.alloc(10_000, filling)))
    expect(digest(await bytes((await driver.get('f'))!.body))).toBe(digest(expected))
  })
}

function testVersions(openNew: OpenNew): void {
  test('a reader keeps the version it began with while the file is replaced and deleted', async () => {
    await using driver = await openNew()
    const old = noise(MEBIBYTE)
    await driver.put('f', slices(old, 65_536), 'text/plain')

    const reading = (await driver.get('f'))!
    await driver.put('f', chunks('new'), 'text/plain')
    await driver.delete('f')

    expect(digest(await bytes(reading.body))).toBe(digest(old))
  })

  test('of contents stored at once for one name one stays, whole and with its own media type', async () => {
    await using driver = await openNew()
    const contents = Array.from({ length: 8 }, (_, index) => noise(200_000 + index))

    await Promise.all(
      contents.map((content, index) => driver.put('f', slices(content, 9_999), `text/x-${index}`)),
    )

    const file = (await driver.get('f'))!
    const winner = Number(file.contentType.slice('text/x-'.length))
    expect(digest(await bytes(file.body))).toBe(digest(contents[winner]!))
  })

  test('readers see whole versions only, however often the file is replaced meanwhile', async () => {
    await using driver = await openNew()
    const contents = Array.from({ length: 20 }, () => noise(150_000))
    const known = new Set(contents.map(digest))
    await driver.put('f', slices(contents[0]!, 50_000), 'text/plain')

    const read = async (): Promise<string> => digest(await bytes((await driver.get('f'))!.body))
    const writing = (async (): Promise<void> => {
      for (const content of contents) await driver.put('f', slices(content, 50_000), 'text/plain')
    })()
    const seen = await Promise.all(Array.from({ length: 40 }, read))
    await writing

    expect(seen.filter((version) => !known.has(version))).toEqual([])
  })

  test('a body that is cancelled half-way hurts nobody', async () => {
    await using driver = await openNew()
    await driver.put('f', slices(noise(MEBIBYTE), 65_536), 'text/plain')

    const reader = (await driver.get('f'))!.body.getReader()
    await reader.read()
    await reader.cancel()

    expect((await driver.head('f'))!.sizeBytes).toBe(MEBIBYTE)
  })
}

function testLifecycle(harness: FileDriverHarness): void {
  const open = (place: string, clock: Clock): Promise<FileDriver> => harness.open(place, clock)

  test('what was stored is there after closing and opening again', async () => {
    const place = freshPlace()
    const first = await open(place, fakeClock())
    await first.put('f', chunks('kept'), 'text/plain')
    await first.close()

    await using second = await open(place, fakeClock())

    expect(await text((await second.get('f'))!.body)).toBe('kept')
  })

  test('after close every call is refused, and close may be called again', async () => {
    const driver = await open(freshPlace(), fakeClock())
    await driver.close()
    await driver.close()

    const calls = [
      driver.put('f', chunks('x'), 'text/plain'),
      driver.get('f'),
      driver.head('f'),
      driver.delete('f'),
    ]

    const refused = { code: 'FILES_CLOSED' }
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(refused)))
  })

  test('a body that was given out before close can be read after it', async () => {
    const driver = await open(freshPlace(), fakeClock())
    const content = noise(MEBIBYTE)
    await driver.put('f', slices(content, 65_536), 'text/plain')

    const { body } = (await driver.get('f'))!
    await driver.close()

    expect(digest(await bytes(body))).toBe(digest(content))
  })

  test('close leaves no timer behind', async () => {
    const clock = fakeClock()
    const driver = await open(freshPlace(), clock)

    await driver.close()

    expect(clock.pending).toBe(0)
  })

  test('a driver that says it is shared shows at once what another one stored and deleted', async () => {
    const place = freshPlace()
    await using one = await open(place, fakeClock())
    await using other = await open(place, fakeClock())
    expect(one.capabilities.shared).toBe(true)

    await one.put('f', chunks('from one'), 'text/plain')
    const seen = await text((await other.get('f'))!.body)
    await other.delete('f')

    expect(seen).toBe('from one')
    expect(await one.head('f')).toBeUndefined()
  })
}

function freshPlace(): string {
  return `place-${Buffer.from(secretToken(9), 'base64url').toString('hex')}`
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Uint8Array, void> {
  for (const text of texts) yield Buffer.from(text)
}

async function* failing(error: Error, ...texts: readonly string[]): AsyncGenerator<Uint8Array, void> {
  yield* chunks(...texts)
  throw error
}

async function* slices(content: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < content.byteLength; at += size) yield content.subarray(at, at + size)
}

let noiseSeed = 0
function noise(length: number): Uint8Array {
  const random = seededRandom(++noiseSeed)
  const content = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) content.writeUInt32LE(random.integer(2 ** 32), at)
  return content
}

async function bytes(body: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(body).arrayBuffer())
}

async function text(body: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(body).text()
}

function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
