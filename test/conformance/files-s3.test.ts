import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { FileDriver } from '../../src/files/driver.ts'
import { s3Client, type S3Client } from '../../src/files/drivers/s3-client.ts'
import { s3 } from '../../src/files/drivers/s3.ts'
import { xmlElements } from '../../src/files/drivers/s3-xml.ts'
import { copyFiles, filesConfig, filesOn, openFiles } from '../../src/files/index.ts'
import { fakeClock, type FakeClock } from '../../src/testing/clock.ts'
import { testFileDriver } from '../../src/testing/file-driver.ts'
import { startTestStore } from '../fault/files-swift.ts'

const store = await startTestStore()
afterAll(() => store[Symbol.asyncDispose]())

const HOUR_MS = 3_600_000
const MEBIBYTE = 1024 * 1024
const KIBIBYTE = 1024

testFileDriver({
  name: 's3',
  async open(place, clock) {
    await store.bucket(place)
    const options = { temporaryMaxAgeMs: HOUR_MS, partBytes: 8 * MEBIBYTE, clock }
    return s3({ ...store.place(place), ...options })
  },
})

let places = 0
const newBucket = async (): Promise<string> => {
  const bucket = `bucket-${++places}`
  await store.bucket(bucket)
  return bucket
}
const openAt = (bucket: string, partBytes = 64 * KIBIBYTE): Promise<FileDriver> =>
  s3({ ...store.place(bucket), temporaryMaxAgeMs: HOUR_MS, partBytes, clock: systemClock })

const unfinished = async (bucket: string): Promise<number> => {
  const client = await store.bucket(bucket)
  const { text } = await client.request({ operation: 'list', method: 'GET', query: { uploads: '' } })
  return xmlElements(text, 'Upload', 1_000).length
}
async function* slices(content: Uint8Array, size: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < content.byteLength; at += size) yield content.subarray(at, at + size)
}
const digest = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')
const read = async (body: ReadableStream<Uint8Array>): Promise<Uint8Array> => new Response(body).bytes()

describe('content of several parts', () => {
  test.each([
    ['a byte less than one part', 64 * KIBIBYTE - 1, /^"[0-9a-f]{32}"$/],
    ['one part exactly', 64 * KIBIBYTE, /^"[0-9a-f]{32}"$/],
    ['a byte more than one part', 64 * KIBIBYTE + 1, /^"[0-9a-f]{32}-2"$/],
    ['two parts exactly', 128 * KIBIBYTE, /^"[0-9a-f]{32}-2"$/],
    ['many parts', MEBIBYTE + 12_345, /^"[0-9a-f]{32}-17"$/],
  ])('that is %s is read back byte for byte', async (_, length, etag) => {
    const bucket = await newBucket()
    await using driver = await openAt(bucket)
    const content = randomBytes(length)

    const stored = await driver.put('f', slices(content, 10_007), 'video/mp4')

    const { body, ...info } = (await driver.get('f'))!
    expect(digest(await read(body))).toBe(digest(content))
    expect(info).toEqual(stored)
    expect(info).toMatchObject({
      sizeBytes: length,
      contentType: 'video/mp4',
      etag: expect.stringMatching(etag),
    })
    expect(await unfinished(bucket)).toBe(0)
  })

  test('is given in ranges across its parts', async () => {
    await using driver = await openAt(await newBucket())
    const content = randomBytes(300_000)
    await driver.put('f', slices(content, 50_000), 'video/mp4')

    const part = (await driver.get('f', { start: 65_000, end: 200_000 }))!

    expect(part.range).toEqual({ start: 65_000, end: 200_000 })
    expect(digest(await read(part.body))).toBe(digest(content.subarray(65_000, 200_001)))
  })

  test('leaves nothing behind when its source fails, and what was there stays', async () => {
    const bucket = await newBucket()
    await using driver = await openAt(bucket)
    await driver.put('f', slices(Buffer.from('before'), 10), 'text/plain')
    const broken = new Error('the visitor has gone')
    async function* failing(): AsyncGenerator<Uint8Array, void> {
      yield* slices(randomBytes(500_000), 30_000)
      throw broken
    }

    await expect(driver.put('f', failing(), 'video/mp4')).rejects.toBe(broken)

    expect(await unfinished(bucket)).toBe(0)
    expect(new TextDecoder().decode(await read((await driver.get('f'))!.body))).toBe('before')
  })

  test('is taken no faster than the store takes it', async () => {
    await using driver = await openAt(await newBucket(), MEBIBYTE)
    let taken = 0
    let most = 0
    const before = process.memoryUsage().arrayBuffers
    async function* endless(): AsyncGenerator<Uint8Array, void> {
      for (; taken < 64; taken++) {
        yield randomBytes(MEBIBYTE)
        most = Math.max(most, process.memoryUsage().arrayBuffers - before)
      }
    }

    await driver.put('f', endless(), 'video/mp4')

    expect(most).toBeLessThan(40 * MEBIBYTE)
  })
})

describe('uploads that nobody finishes', () => {
  test('are removed at opening and every temporaryMaxAgeMs, and those that still get parts stay', async () => {
    const bucket = await newBucket()
    const client = await store.bucket(bucket)
    await client.request({ operation: 'begin', method: 'POST', key: 'é/a+b c&d', query: { uploads: '' } })
    const open = (clock = fakeClock(Date.now())): Promise<FileDriver> =>
      s3({ ...store.place(bucket), temporaryMaxAgeMs: HOUR_MS, partBytes: MEBIBYTE, clock })

    await (await open()).close()
    expect(await unfinished(bucket)).toBe(1)
    await (await open(fakeClock(Date.now() + HOUR_MS + 5_000))).close()
    expect(await unfinished(bucket)).toBe(0)

    const clock = fakeClock(Date.now())
    await using _driver = await open(clock)
    await client.request({ operation: 'begin', method: 'POST', key: 'f', query: { uploads: '' } })
    await clock.advance(HOUR_MS)
    expect(await unfinished(bucket)).toBe(1)
    await clock.advance(HOUR_MS)
    await expect.poll(() => unfinished(bucket)).toBe(0)
  })
})

describe('a bucket that cannot be used', () => {
  const settings = (bucket: string): ReturnType<typeof filesConfig.parse> =>
    filesConfig.parse({ ...pick(bucket), driver: 's3' })
  const pick = (bucket: string): { url: string; bucket: string; region: string } => {
    const { url, region } = store.place(bucket)
    return { url, bucket, region }
  }
  const env = { AWS_ACCESS_KEY_ID: 'test:tester', AWS_SECRET_ACCESS_KEY: 'only-for-tests' }

  test('is reported at opening, with its URL, when it does not exist', async () => {
    await expect(openFiles({ dir: '', settings: settings('never-made'), env })).rejects.toMatchObject({
      code: 'FILES_BUCKET_MISSING',
      permanent: true,
      message: expect.stringContaining('/never-made '),
    })
  })

  // Swift calls both the same; AWS says InvalidAccessKeyId of the second.
  test.each([
    ['AWS_SECRET_ACCESS_KEY', 'SignatureDoesNotMatch'],
    ['AWS_ACCESS_KEY_ID', 'SignatureDoesNotMatch'],
  ])('is reported at opening when %s is wrong', async (name, code) => {
    const bucket = await newBucket()

    const opening = openFiles({ dir: '', settings: settings(bucket), env: { ...env, [name]: 'wrong' } })

    const error = await opening.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'FILES_BUCKET_REFUSED', permanent: true })
    expect(error).toMatchObject({
      message: expect.stringContaining(code),
      fix: expect.stringContaining('AWS_'),
    })
    expect(JSON.stringify(error)).not.toContain('only-for-tests')
  })

  test('is reported at opening when there are no credentials, by the names that are missing', async () => {
    const opening = openFiles({ dir: '', settings: settings('any'), env: { AWS_ACCESS_KEY_ID: 'x' } })

    await expect(opening).rejects.toMatchObject({
      code: 'FILES_CREDENTIALS_MISSING',
      details: { names: 'AWS_SECRET_ACCESS_KEY' },
    })
  })

  test('is reported at opening when nothing answers there', async () => {
    const nowhere = filesConfig.parse({ driver: 's3', url: 'http://127.0.0.1:9', bucket: 'any' })

    await expect(openFiles({ dir: '', settings: nowhere, env })).rejects.toMatchObject({
      code: 'FILES_UNAVAILABLE',
      permanent: false,
      message: expect.stringContaining('http://127.0.0.1:9/any'),
    })
  })

  test('whose settings are incomplete is a mistake of the topology', () => {
    const { error } = filesConfig.safeParse({ driver: 's3', url: 'https://s3.example.com' })

    expect(error!.issues).toMatchObject([{ path: ['bucket'] }])
    expect(filesConfig.safeParse({ url: 'https://key:secret@s3.example.com' }).success).toBe(false)
  })
})

describe('a store that takes content slowly', () => {
  const LIMIT_MS = 2_000

  /** Holds every request until it is let go. */
  async function startHolding(): Promise<
    { client: S3Client; clock: FakeClock; arrived: Promise<void>; goOn(): void } & AsyncDisposable
  > {
    const [arrived, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const server = createServer((incoming, answer) => {
      incoming.resume()
      arrived.resolve()
      void gate.promise.then(() => answer.end())
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const clock = fakeClock()
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const client = s3Client({ ...store.place('slow'), url, timeoutMs: LIMIT_MS }, clock)
    return {
      client,
      clock,
      arrived: arrived.promise,
      goOn: gate.resolve,
      async [Symbol.asyncDispose]() {
        server.closeAllConnections()
        await once(server.close(), 'close')
      },
    }
  }

  test('is given 256 KiB a second besides the time in which it must answer', async () => {
    await using held = await startHolding()
    const body = new Uint8Array(MEBIBYTE)
    const sent = held.client.request({ operation: 'put', method: 'PUT', key: 'f', body })
    await held.arrived

    await held.clock.advance(LIMIT_MS + 4_000 - 1)
    held.goOn()

    expect((await sent).status).toBe(200)
  })
})

describe('a link to a file of a bucket', () => {
  const open = async (): ReturnType<typeof openFiles> => {
    const { url, region } = store.place('')
    const bucket = await newBucket()
    const env = { AWS_ACCESS_KEY_ID: 'test:tester', AWS_SECRET_ACCESS_KEY: 'only-for-tests' }
    return openFiles({ dir: '', settings: filesConfig.parse({ driver: 's3', url, bucket, region }), env })
  }

  test('lets in the upload that it was made for, and downloads', async () => {
    await using files = await open()

    const { url, ...init } = await files.uploadUrl('é/a+b c', { contentType: 'image/png', sizeBytes: 5 })
    const sent = await fetch(url, { ...init, body: 'hello' })
    const got = await fetch(await files.downloadUrl('é/a+b c'))

    expect(sent.status).toBe(200)
    expect([await got.text(), got.headers.get('content-type')]).toEqual(['hello', 'image/png'])
    expect(await files.head('é/a+b c')).toMatchObject({ sizeBytes: 5, contentType: 'image/png' })
    expect(url).not.toContain('only-for-tests')
  })

  test('to a page that a visitor uploaded downloads it, under its name, and nothing else', async () => {
    await using files = await open()
    await files.put('uploads/é (1)s.html', Buffer.from('<script>'), { contentType: 'text/html' })
    const url = await files.downloadUrl('uploads/é (1)s.html')

    const got = await fetch(url)
    const changed = await fetch(url.replace('attachment', 'inline'))

    expect([got.status, got.headers.get('content-disposition')]).toEqual([
      200,
      `attachment; filename="_ _1_s.html"; filename*=UTF-8''%C3%A9%20%281%29s.html`,
    ])
    expect(changed.status).toBe(403)
  })

  test('lets in no other size, media type, name or method, and nothing without its signature', async () => {
    await using files = await open()
    const { url, headers } = await files.uploadUrl('f', { contentType: 'image/png', sizeBytes: 5 })
    const put = (to: string, body: string, type = 'image/png'): Promise<Response> =>
      fetch(to, { method: 'PUT', headers: { ...headers, 'content-type': type }, body })

    const answers = await Promise.all([
      put(url, 'too long'),
      put(url, '1'),
      put(url, 'hello', 'text/html'),
      put(url.replace('/f?', '/g?'), 'hello'),
      put(url.replace(/Signature=.{8}/, 'Signature=00000000'), 'hello'),
      put(url.split('?')[0]!, 'hello'),
      fetch(url),
      put(await files.downloadUrl('f'), 'hello'),
    ])

    expect(answers.map(({ ok }) => ok)).toEqual(Array(8).fill(false))
    expect(await files.head('f')).toBeUndefined()
  })

  test('works no longer when it has expired', async () => {
    await using files = await open()
    await files.put('f', Buffer.from('hello'))
    const url = await files.downloadUrl('f', { expiresMs: 1_000 })

    await expect.poll(async () => (await fetch(url)).status, { timeout: 10_000, interval: 250 }).toBe(403)
  })
})

describe('a move from a directory to a bucket', () => {
  test('copies every file once, those that changed since again, and none that is newer in the bucket', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'pando-files-move-'))
    await using _removed = { [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) }
    await using from = await openFiles({ dir, settings: filesConfig.parse({}) })
    await using driver = await openAt(await newBucket())
    await using to = filesOn(driver, { maxBytes: MEBIBYTE })
    const names = ['a', 'a/b', 'é/c d']
    for (const name of names) await from.put(name, Buffer.from(`old ${name}`), { contentType: 'text/plain' })

    expect(await copyFiles(dir, to)).toEqual({ copied: 3, skipped: 0, copiedBytes: 22 })
    await from.put('a', Buffer.from('changed'), { contentType: 'text/html' })
    await to.put('a/b', Buffer.from('newer'))
    expect(await copyFiles(dir, to)).toEqual({ copied: 1, skipped: 2, copiedBytes: 7 })

    const there = await Promise.all(names.map(async (name) => (await to.get(name))!))
    expect(await Promise.all(there.map(({ body }) => new Response(body).text()))).toEqual([
      'changed',
      'newer',
      'old é/c d',
    ])
    expect(there.map(({ contentType }) => contentType)).toEqual([
      'text/html',
      'application/octet-stream',
      'text/plain',
    ])
  })
})
