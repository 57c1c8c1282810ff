import { execFileSync } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, stat, symlink, unlink, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, describe, expect, test } from 'vitest'
import { fs } from '../../src/files/drivers/fs.ts'
import { placeOf } from '../../src/files/drivers/fs-layout.ts'
import { copyFiles, filesConfig, openFiles, type Files, type OpenedFiles } from '../../src/files/index.ts'
import { fakeClock } from '../../src/testing/clock.ts'
import { testFileDriver } from '../../src/testing/file-driver.ts'

const base = await mkdtemp(join(tmpdir(), 'pando-files-'))
afterAll(() => rm(base, { recursive: true }))

const HOUR_MS = 3_600_000

testFileDriver({
  name: 'fs',
  open: (place, clock) => fs({ root: join(base, place), temporaryMaxAgeMs: HOUR_MS, clock }),
})

let places = 0
const newRoot = (): string => join(base, `root-${++places}`)
const openAt = (root: string, maxBytes = 1_000): Promise<OpenedFiles> =>
  openFiles({ dir: root, settings: filesConfig.parse({ maxBytes }) })
const objectPath = (root: string, name: string): string =>
  placeOf({ objectsDir: join(root, 'objects') }, name).path

describe('files', () => {
  test('content comes as bytes, as a web stream, as a Node stream, or as any sequence of chunks', async () => {
    await using files = await openAt(newRoot())

    await files.put('bytes', Buffer.from('same'))
    await files.put('web', new Blob(['same']).stream())
    await files.put('node', Readable.from([Buffer.from('sa'), Buffer.from('me')]))
    await files.put('blob', new Response('same').body!)

    const infos = await Promise.all(['bytes', 'web', 'node', 'blob'].map((name) => files.head(name)))
    expect(new Set(infos.map((info) => info!.etag)).size).toBe(1)
    expect(infos[0]!.contentType).toBe('application/octet-stream')
  })

  test('content of exactly maxBytes is stored and one byte more is refused, leaving what was there', async () => {
    await using files = await openAt(newRoot(), 1_000)
    await files.put('f', new Uint8Array(1_000))

    const refused = { code: 'FILES_TOO_LARGE', details: { maxBytes: 1_000 } }
    const asBytes = files.put('f', new Uint8Array(1_001))
    await expect(asBytes).rejects.toMatchObject(refused)
    const asStream = files.put('f', new Blob([new Uint8Array(1_001)]).stream())
    await expect(asStream).rejects.toMatchObject(refused)

    expect((await files.head('f'))!.sizeBytes).toBe(1_000)
  })

  test('a call may lower the limit and cannot raise it', async () => {
    await using files = await openAt(newRoot(), 1_000)

    const lowered = files.put('f', new Uint8Array(11), { maxBytes: 10 })
    await expect(lowered).rejects.toMatchObject({ details: { maxBytes: 10 } })
    const raised = files.put('f', new Uint8Array(1_001), { maxBytes: 5_000 })
    await expect(raised).rejects.toMatchObject({ details: { maxBytes: 1_000 } })
  })

  test('a source that is too large is told to stop, and is not read to its end', async () => {
    await using files = await openAt(newRoot(), 1_000)
    let pulled = 0
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled++
        controller.enqueue(new Uint8Array(300))
      },
      cancel() {
        cancelled = true
      },
    })

    await expect(files.put('f', endless)).rejects.toMatchObject({ code: 'FILES_TOO_LARGE' })

    expect(cancelled).toBe(true)
    expect(pulled).toBeLessThan(10)
  })

  test('a wrong name or media type is refused by every call before the source is touched', async () => {
    await using files = await openAt(newRoot())
    const untouched = new ReadableStream<Uint8Array>()

    const calls = [
      files.put('../x', untouched),
      files.get('../x'),
      files.head('a//b'),
      files.delete('/etc/passwd'),
    ]

    const refused = { code: 'FILES_NAME_INVALID' }
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(refused)))
    const wrongType = files.put('x', untouched, { contentType: 'text/html\r\nset-cookie: a=b' })
    await expect(wrongType).rejects.toMatchObject({ code: 'FILES_TYPE_INVALID' })
    expect(untouched.locked).toBe(false)
  })

  test('text instead of bytes is a programmer error and changes nothing', async () => {
    const root = newRoot()
    await using files = await openAt(root)
    const text = Readable.from(['text']) as AsyncIterable<Uint8Array>

    await expect(files.put('f', text)).rejects.toThrow('must come as Uint8Array chunks')

    expect(await files.head('f')).toBeUndefined()
    expect(await readdir(join(root, 'tmp'))).toEqual([])
  })
})

describe('the directory of files', () => {
  test('is closed to other users, as is everything in it', async () => {
    const root = newRoot()
    await using files = await openAt(root)
    await files.put('f', Buffer.from('x'))

    const dirs = [root, join(root, 'objects'), join(root, 'tmp'), join(objectPath(root, 'f'), '..')]
    const modes = await Promise.all(dirs.map(async (dir) => (await stat(dir)).mode & 0o777))
    expect(modes).toEqual([0o700, 0o700, 0o700, 0o700])
    expect((await stat(objectPath(root, 'f'))).mode & 0o777).toBe(0o600)
  })

  test('holds nothing temporary after uploads that succeeded, failed, or were too large', async () => {
    const root = newRoot()
    await using files = await openAt(root, 1_000)
    const failing = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('gone')),
    })

    await files.put('f', Buffer.from('x'))
    await expect(files.put('f', failing)).rejects.toThrow('gone')
    await expect(files.put('f', new Blob([new Uint8Array(2_000)]).stream())).rejects.toThrow('larger')

    expect(await readdir(join(root, 'tmp'))).toEqual([])
  })

  test('keeps the content readable with ordinary tools, at the beginning of the object', async () => {
    const root = newRoot()
    await using files = await openAt(root)

    await files.put('f', Buffer.from('rescued'))

    expect((await readFile(objectPath(root, 'f'), 'utf8')).startsWith('rescued{"name":"f"')).toBe(true)
  })

  test('a symbolic link in the place of an object is not followed, and is replaced by a put', async () => {
    const root = newRoot()
    await using files = await openAt(root)
    const outside = `${root}-outside`
    await writeFile(outside, 'secret')
    await files.put('f', Buffer.from('x'))
    await unlink(objectPath(root, 'f'))
    await symlink(outside, objectPath(root, 'f'))

    await expect(files.get('f')).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
    await files.put('f', Buffer.from('new'))

    expect(await new Response((await files.get('f'))!.body).text()).toBe('new')
    expect(await readFile(outside, 'utf8')).toBe('secret')
  })

  test('a symbolic link in the place of a directory is not followed in either direction', async () => {
    const root = newRoot()
    await using files = await openAt(root)
    const dir = join(objectPath(root, 'f'), '..')
    await symlink(base, dir)

    await expect(files.put('f', Buffer.from('x'))).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
    await expect(files.get('f')).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
    await expect(files.delete('f')).rejects.toMatchObject({ code: 'FILES_UNAVAILABLE' })
    expect(await readdir(join(root, 'tmp'))).toEqual([])
  })

  test('a pipe in the place of an object makes nobody wait', async () => {
    const root = newRoot()
    await using files = await openAt(root)
    await files.put('f', Buffer.from('x'))
    await unlink(objectPath(root, 'f'))
    execFileSync('mkfifo', [objectPath(root, 'f')])

    await expect(files.get('f')).rejects.toMatchObject({ code: 'FILES_DAMAGED' })
  })

  test('a file that Pando did not write there, or that was cut, is reported as damaged', async () => {
    const root = newRoot()
    await using files = await openAt(root)
    await files.put('cut', Buffer.from('content'))
    await files.put('foreign', Buffer.from('content'))
    await writeFile(objectPath(root, 'cut'), (await readFile(objectPath(root, 'cut'))).subarray(1))
    await writeFile(objectPath(root, 'foreign'), 'something else')

    await expect(files.get('cut')).rejects.toMatchObject({ code: 'FILES_DAMAGED' })
    await expect(files.head('foreign')).rejects.toMatchObject({ code: 'FILES_DAMAGED' })
  })

  test('loses old temporary files at opening and every temporaryMaxAgeMs, and keeps young ones', async () => {
    const root = newRoot()
    const clock = fakeClock(1_000_000_000_000)
    const leave = async (name: string, ageMs: number): Promise<void> => {
      await writeFile(join(root, 'tmp', name), 'half')
      await utimes(join(root, 'tmp', name), 1, (clock.now() - ageMs) / 1000)
    }
    await (await openAt(root)).close()
    await leave('old', HOUR_MS + 1)
    await leave('young', 60_000)

    await using driver = await fs({ root, temporaryMaxAgeMs: HOUR_MS, clock })
    expect(await readdir(join(root, 'tmp'))).toEqual(['young'])
    await clock.advance(HOUR_MS)

    await expect.poll(() => readdir(join(root, 'tmp'))).toEqual([])
    expect(driver.capabilities.durable).toBe(true)
  })

  test('that cannot be made is reported with its path when the tier is opened', async () => {
    const file = join(base, 'a-file')
    await writeFile(file, '')

    await expect(openAt(join(file, 'root'))).rejects.toMatchObject({
      code: 'FILES_UNAVAILABLE',
      message: expect.stringContaining(file),
    })
  })
})

test('a file that is replaced while it is copied is copied again, and so never lost in a move', async () => {
  const dir = join(base, 'moving')
  const settings = filesConfig.parse({})
  await using from = await openFiles({ dir, settings })
  const clock = fakeClock(Date.now() + 60_000)
  await using there = await openFiles({ dir: join(base, 'moved'), settings, clock })
  await from.put('f', Buffer.from('old'))
  let replacements = 0
  const to: Files = {
    ...there,
    async put(...call) {
      if (replacements++ === 0) await from.put('f', Buffer.from('newer'))
      return there.put(...call)
    },
  }

  const result = await copyFiles(dir, to)

  expect(result).toEqual({ copied: 1, skipped: 0, copiedBytes: 5 })
  expect(await new Response((await there.get('f'))!.body).text()).toBe('newer')
})
