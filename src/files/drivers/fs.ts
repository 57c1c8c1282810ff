// Objects in a directory of a POSIX file system, one file each; any number of processes may share the directory.
//
// Invariant: below objects/ there are only complete files. Content arrives in tmp/, is flushed to disk with its footer,
// and takes its place by one rename, which is flushed too before `put` resolves. A reader holds a descriptor, and so
// one version, for as long as it reads. Integrity beyond that (a disk that changes bits) is the file system's part; the
// etag lets a person check.

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename, rm, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { secretToken } from '../../base/random.ts'
import type { FileDriver } from '../driver.ts'
import type { ByteRange, FileInfo, StoredFile } from '../files.ts'
import { describeRange, resolveRange } from '../range.ts'
import { bufferedBody, CHUNK_BYTES, readFully, streamBody } from './fs-body.ts'
import { codeOf, filesError } from './fs-error.ts'
import { decodeFooter, encodeFooter, FOOTER_MAX_BYTES } from './fs-footer.ts'
import {
  isDirectory,
  makeDirectory,
  openLayout,
  placeOf,
  sweepTemporary,
  syncDirectory,
  type Layout,
} from './fs-layout.ts'

export interface FsOptions {
  /** The directory, made (mode 700) when it is missing. */
  readonly root: string
  /** Unfinished content that got nothing for so long is removed, at opening and from then on. */
  readonly temporaryMaxAgeMs: number
  readonly clock: Clock
}

/** @throws FILES_UNAVAILABLE, FILES_NO_SPACE when the directory cannot be made or read. */
export async function fs({ root, temporaryMaxAgeMs, clock }: FsOptions): Promise<FileDriver> {
  const layout = await guarded('open them', root, async () => {
    const opened = await openLayout(root)
    await sweepTemporary(opened, clock.now() - temporaryMaxAgeMs)
    return opened
  })
  // Failures are left to the next round: an upload that meets the same disk reports them.
  const stopSweeping = clock.every(temporaryMaxAgeMs, () => {
    void sweepTemporary(layout, clock.now() - temporaryMaxAgeMs).catch(() => {})
  })
  let closed = false
  const run = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    if (closed) throw new PlatformError('FILES_CLOSED', { operation })
    return guarded(operation, layout.root, work)
  }
  const close = async (): Promise<void> => {
    closed = true
    stopSweeping()
  }

  return {
    capabilities: { shared: true, durable: true, deletesOnce: true },
    async put(name, content, contentType) {
      if (closed) throw new PlatformError('FILES_CLOSED', { operation: 'put' })
      return put(layout, clock, { name, content, contentType })
    },
    get: (name, range) => run('get', () => get(layout, name, range)),
    head: (name) => run('head', () => head(layout, name)),
    delete: (name) => run('delete', () => remove(layout, name)),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function guarded<T>(operation: string, root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw filesError(error, operation, root)
  }
}

interface Incoming {
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
  readonly contentType: string
}

async function put(layout: Layout, clock: Clock, incoming: Incoming): Promise<FileInfo> {
  const disk = <T>(work: () => Promise<T>): Promise<T> => guarded('put', layout.root, work)
  const temporary = join(layout.temporaryDir, secretToken(18))
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW
  const handle = await disk(() => open(temporary, flags, 0o600))
  try {
    const { sizeBytes, etag } = await receive(handle, incoming.content, disk)
    const info: FileInfo = {
      name: incoming.name,
      sizeBytes,
      contentType: incoming.contentType,
      etag,
      modifiedAt: new Date(clock.now()),
    }
    await disk(async () => {
      await handle.appendFile(encodeFooter(info))
      await handle.sync()
      await handle.close()
      await moveIntoPlace(layout, temporary, info.name)
    })
    return info
  } catch (error) {
    // What went wrong first is what the caller must hear of; a leftover is swept later.
    await handle.close().catch(() => {})
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}

/** Writes the content; errors of the source pass through, those of the disk become ours. */
async function receive(
  handle: FileHandle,
  content: AsyncIterable<Uint8Array>,
  disk: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<{ readonly sizeBytes: number; readonly etag: string }> {
  const hash = createHash('sha256')
  let sizeBytes = 0
  for await (const chunk of content) {
    hash.update(chunk)
    await disk(() => handle.appendFile(chunk))
    sizeBytes += chunk.byteLength
  }
  return { sizeBytes, etag: `"${hash.digest('base64url')}"` }
}

async function moveIntoPlace(layout: Layout, temporary: string, name: string): Promise<void> {
  const { dir, path } = placeOf(layout, name)
  await makeDirectory(dir, layout.objectsDir)
  await rename(temporary, path)
  await syncDirectory(dir)
}

interface OpenedObject {
  readonly handle: FileHandle
  readonly info: FileInfo
  /** The last bytes of the file, up to all of it, and where in the file they begin. */
  readonly tail: Uint8Array<ArrayBuffer>
  readonly tailAt: number
}

// One read gets the footer and, of a small object, the content as well.
const TAIL_BYTES = CHUNK_BYTES + FOOTER_MAX_BYTES

async function openObject(
  layout: Layout,
  name: string,
  tailBytes: number,
): Promise<OpenedObject | undefined> {
  const { dir, path } = placeOf(layout, name)
  const handle = await openRegular(dir, path)
  if (handle === undefined) return undefined
  try {
    const stat = await handle.stat()
    const problem = stat.isFile() ? undefined : 'it is not an ordinary file'
    const length = problem === undefined ? Math.min(stat.size, tailBytes) : 0
    const tailAt = stat.size - length
    const tail = await readFully(handle, length, tailAt)
    const footer =
      problem === undefined ? decodeFooter(Buffer.from(tail.buffer), stat.size, name) : { problem }
    if (footer.problem !== undefined)
      throw new PlatformError('FILES_DAMAGED', { name, path, problem: footer.problem })
    return { handle, info: footer.info, tail, tailAt }
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** Opens without following a symbolic link on either level and without waiting for a planted pipe's other end. */
async function openRegular(dir: string, path: string): Promise<FileHandle | undefined> {
  if (!(await isDirectory(dir))) return undefined
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

async function get(layout: Layout, name: string, range?: ByteRange): Promise<StoredFile | undefined> {
  const opened = await openObject(layout, name, TAIL_BYTES)
  if (opened === undefined) return undefined
  const { handle, info, tail, tailAt } = opened
  const selected = range === undefined ? undefined : resolveRange(range, info.sizeBytes)
  if (range !== undefined && selected === undefined) {
    await handle.close()
    const details = { name, range: describeRange(range), sizeBytes: info.sizeBytes }
    throw new PlatformError('FILES_RANGE_INVALID', details)
  }
  const bytes = selected ?? { start: 0, end: info.sizeBytes - 1 }
  const meta = selected === undefined ? info : { ...info, range: selected }
  if (bytes.start >= tailAt) {
    await handle.close()
    return { ...meta, body: bufferedBody(tail.slice(bytes.start - tailAt, bytes.end + 1 - tailAt)) }
  }
  return { ...meta, body: streamBody(handle, bytes, (error) => filesError(error, 'read', layout.root)) }
}

async function head(layout: Layout, name: string): Promise<FileInfo | undefined> {
  const opened = await openObject(layout, name, FOOTER_MAX_BYTES)
  if (opened === undefined) return undefined
  await opened.handle.close()
  return opened.info
}

async function remove(layout: Layout, name: string): Promise<boolean> {
  const { dir, path } = placeOf(layout, name)
  if (!(await isDirectory(dir))) return false
  try {
    await unlink(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
  await syncDirectory(dir)
  return true
}
