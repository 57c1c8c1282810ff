// Objects in one bucket of an S3-compatible store; any number of processes on any number of servers may share it.
//
// An object's key is its name, its etag is the store's (which knows the version of everything in the bucket, uploads by
// link included), and when `put` took it is kept in its metadata, because stores tell whole seconds only. One GET brings
// info, range and body of one version. What the store cannot say is whether a deletion removed anything, so a HEAD goes
// before it: `deletesOnce` is false.

import type { Clock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { secretToken } from '../../base/random.ts'
import type { FileDriver } from '../driver.ts'
import type { ByteRange, FileInfo, StoredFile } from '../files.ts'
import { contentDisposition } from '../content-disposition.ts'
import { describeRange, resolveRange, type ResolvedRange } from '../range.ts'
import { bufferedBody } from './fs-body.ts'
import { s3Body } from './s3-body.ts'
import { s3Client, type S3Answer, type S3Client, type S3Place } from './s3-client.ts'
import { brokenError, codeOf, refusedError } from './s3-error.ts'
import { sweepUploads } from './s3-sweep.ts'
import { etagOf, upload } from './s3-upload.ts'

export interface S3Options extends S3Place {
  /** Content longer than this goes in parts of this size. */
  readonly partBytes: number
  /** A multipart upload that got nothing for so long is removed, at opening and from then on. */
  readonly temporaryMaxAgeMs: number
  readonly clock: Clock
}

/** When `put` took the content, in milliseconds since 1970, and which call of it: `1767225600000 pZ3…`. */
const MARK_HEADER = 'x-amz-meta-pando-put'

/**
 * @throws FILES_BUCKET_MISSING, FILES_BUCKET_REFUSED, FILES_UNAVAILABLE when the bucket does not answer as it should.
 */
export async function s3(options: S3Options): Promise<FileDriver> {
  const { clock, temporaryMaxAgeMs, partBytes } = options
  const client = s3Client(options, clock)
  // A list and not a HEAD, whose answer has no room for the code of an error.
  const query = { 'list-type': '2', 'max-keys': '1' }
  await client.request({ operation: 'open them', method: 'GET', query })
  // The rights to sweep may be missing; a rule of the bucket can do it as well.
  const sweep = async (): Promise<void> => {
    await sweepUploads(client, clock.now() - temporaryMaxAgeMs).catch(() => {})
  }
  await sweep()
  const stopSweeping = clock.every(temporaryMaxAgeMs, () => void sweep())
  let closed = false
  const run = async <T>(operation: string, work: () => Promise<T>): Promise<T> => {
    if (closed) throw new PlatformError('FILES_CLOSED', { operation })
    return work()
  }
  const close = async (): Promise<void> => {
    closed = true
    stopSweeping()
  }

  return {
    capabilities: { shared: true, durable: true, deletesOnce: false },
    put: (name, content, contentType) =>
      run('put', async () => {
        const modifiedAt = new Date(clock.now())
        const mark = `${modifiedAt.getTime()} ${secretToken(9)}`
        const headers = { 'content-type': contentType, [MARK_HEADER]: mark }
        const stored = await upload(client, {
          key: name,
          content,
          headers,
          markHeader: MARK_HEADER,
          partBytes,
        })
        return { name, contentType, modifiedAt, ...stored }
      }),
    get: (name, range) => run('get', () => get(client, options, name, range)),
    head: (name) => run('head', () => head(client, name)),
    delete: (name) => run('delete', () => remove(client, name)),
    links: {
      upload: (name, { contentType, sizeBytes, expiresMs }) =>
        run('make a link', async () => {
          const headers = { 'content-type': contentType }
          const signed = { ...headers, 'content-length': String(sizeBytes) }
          const ask = { method: 'PUT', key: name, headers: signed } as const
          return { url: await client.presign(ask, seconds(expiresMs)), headers }
        }),
      download: (name, { expiresMs }) =>
        run('make a link', () => {
          // Nothing that a visitor uploaded runs as a page of the bucket's origin. Images and media in a page are shown
          // all the same.
          const query = {
            'response-content-disposition': contentDisposition('attachment', name.split('/').at(-1)!),
          }
          return client.presign({ method: 'GET', key: name, query }, seconds(expiresMs))
        }),
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1000)
}

/** undefined when there is no such object. */
async function read(
  client: S3Client,
  operation: string,
  name: string,
  headers: Readonly<Record<string, string>>,
): Promise<S3Answer | undefined> {
  const answer = await client.request({
    operation,
    method: operation === 'head' ? 'HEAD' : 'GET',
    key: name,
    headers,
    accept: [404, 416],
    streamed: true,
  })
  if (answer.status !== 404) return answer
  const code = codeOf(answer)
  if (code === 'NoSuchBucket') throw refusedError(answer, operation, client.root)
  return undefined
}

async function get(
  client: S3Client,
  options: S3Options,
  name: string,
  range?: ByteRange,
): Promise<StoredFile | undefined> {
  // The store would ignore a range that is none.
  if (range !== undefined && resolveRange(range, Number.MAX_SAFE_INTEGER) === undefined)
    return refuseRange(client, name, range)
  const headers: Record<string, string> = range === undefined ? {} : { range: describeRange(range) }
  const answer = await read(client, 'get', name, headers)
  if (answer === undefined) return undefined
  if (answer.status === 416) return refuseRange(client, name, range!)

  const given = givenRange(answer.headers)
  const info = infoOf(name, answer.headers, given?.sizeBytes)
  // A store may send an empty object for an empty range.
  const selected = range === undefined ? undefined : resolveRange(range, info.sizeBytes)
  if (range !== undefined && selected === undefined) {
    await answer.body?.cancel()
    throw invalidRange(name, range, info.sizeBytes)
  }
  const bytes = selected ?? { start: 0, end: info.sizeBytes - 1 }
  const sent = given ?? { start: 0, end: info.sizeBytes - 1 }
  if (sent.start !== bytes.start || sent.end !== bytes.end) {
    await answer.body?.cancel()
    throw brokenError(new Error('the store sent another range than it was asked for'), 'get', client.root)
  }
  const meta = selected === undefined ? info : { ...info, range: selected }
  return { ...meta, body: bodyOf(client, options, info, bytes, answer) }
}

function bodyOf(
  client: S3Client,
  { clock, timeoutMs }: S3Options,
  { name, etag, sizeBytes }: FileInfo,
  bytes: ResolvedRange,
  answer: S3Answer,
): ReadableStream<Uint8Array> {
  if (sizeBytes === 0 || answer.body === null) return bufferedBody(new Uint8Array(0))
  const failed = (error: unknown): unknown => brokenError(error, 'read', client.root)
  return s3Body(answer.body, {
    bytes,
    clock,
    timeoutMs,
    failed,
    async reopen(position) {
      const headers = { range: describeRange({ start: position, end: bytes.end }), 'if-match': etag }
      const again = await client.request({
        operation: 'read',
        method: 'GET',
        key: name,
        headers,
        streamed: true,
      })
      if (again.status === 206 && again.body !== null) return again.body
      await again.body?.cancel()
      throw failed(new Error('the store does not send parts of a content'))
    },
  })
}

/** Throws what is wrong with `range`, unless the object is absent. */
async function refuseRange(client: S3Client, name: string, range: ByteRange): Promise<undefined> {
  const info = await head(client, name)
  if (info !== undefined) throw invalidRange(name, range, info.sizeBytes)
}

function invalidRange(name: string, range: ByteRange, sizeBytes: number): PlatformError {
  return new PlatformError('FILES_RANGE_INVALID', { name, range: describeRange(range), sizeBytes })
}

async function head(client: S3Client, name: string): Promise<FileInfo | undefined> {
  const answer = await read(client, 'head', name, {})
  return answer === undefined ? undefined : infoOf(name, answer.headers)
}

async function remove(client: S3Client, name: string): Promise<boolean> {
  if ((await head(client, name)) === undefined) return false
  await client.request({ operation: 'delete', method: 'DELETE', key: name, accept: [404] })
  return true
}

function givenRange(headers: Headers): (ResolvedRange & { readonly sizeBytes: number }) | undefined {
  const parts = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(headers.get('content-range') ?? '')
  return parts === null
    ? undefined
    : { start: Number(parts[1]), end: Number(parts[2]), sizeBytes: Number(parts[3]) }
}

function infoOf(name: string, headers: Headers, sizeBytes?: number): FileInfo {
  const markedMs = Number.parseInt(headers.get(MARK_HEADER) ?? '', 10)
  const lastModifiedMs = Date.parse(headers.get('last-modified') ?? '')
  return {
    name,
    sizeBytes: sizeBytes ?? Number(headers.get('content-length')),
    contentType: headers.get('content-type') ?? 'application/octet-stream',
    etag: etagOf(headers),
    modifiedAt: new Date(Number.isNaN(markedMs) ? lastModifiedMs : markedMs),
  }
}
