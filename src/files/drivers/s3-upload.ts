// One content on its way into a bucket: in one request when it fits into one part, else as a multipart upload of equal
// parts. Either becomes visible by one request, the last one, so nobody ever sees half of it.
//
// Memory: one part that fills up and two that are on their way. A part's SHA-256 goes with it, so the store refuses
// what was changed on the way.

import { createHash } from 'node:crypto'
import type { S3Client } from './s3-client.ts'
import { codeOf, refusedError } from './s3-error.ts'
import { xmlEscape, xmlText } from './s3-xml.ts'

export interface S3Upload {
  readonly key: string
  readonly content: AsyncIterable<Uint8Array>
  /** Headers of the object: media type and metadata. */
  readonly headers: Readonly<Record<string, string>>
  /** The header of these that no other upload has: tells whether the object that is there is this one. */
  readonly markHeader: string
  /** At least 5 MiB for most stores, and a 10,000th of the largest content. */
  readonly partBytes: number
}

export interface S3Stored {
  readonly sizeBytes: number
  readonly etag: string
}

const OPERATION = 'put'

/**
 * Resolves when the store has acknowledged the whole. Errors of the source pass through, and nothing is left behind then
 * unless the store cannot be reached to remove it.
 */
export async function upload(client: S3Client, ask: S3Upload): Promise<S3Stored> {
  const part = partBuffer(ask.partBytes)
  let multipart: Multipart | undefined
  let sizeBytes = 0
  try {
    for await (const chunk of ask.content) {
      sizeBytes += chunk.byteLength
      let rest = chunk
      while (rest.byteLength > 0) {
        if (part.isFull()) {
          multipart ??= await beginMultipart(client, ask)
          await multipart.send(part.take())
        }
        rest = rest.subarray(part.add(rest))
      }
    }
    if (multipart === undefined) return { sizeBytes, etag: await putWhole(client, ask, part.take()) }
    await multipart.send(part.take())
    return { sizeBytes, etag: await multipart.complete() }
  } catch (error) {
    await multipart?.abort()
    throw error
  }
}

interface Part {
  readonly body: Uint8Array<ArrayBuffer>
  readonly digest: string
}

const FIRST_BYTES = 64 * 1024

/** Grows as it fills, so that a small content takes little memory. Copies, because a source may use its buffer again. */
function partBuffer(partBytes: number): {
  isFull(): boolean
  /** Takes as much as fits; how much that was. */
  add(chunk: Uint8Array): number
  take(): Part
} {
  let bytes = new Uint8Array(0)
  let filled = 0
  let hash = createHash('sha256')
  return {
    isFull: () => filled === partBytes,
    add(chunk) {
      const taken = chunk.subarray(0, partBytes - filled)
      const needed = filled + taken.byteLength
      if (needed > bytes.byteLength) {
        const grown = new Uint8Array(Math.min(partBytes, Math.max(needed, 2 * bytes.byteLength, FIRST_BYTES)))
        grown.set(bytes.subarray(0, filled))
        bytes = grown
      }
      bytes.set(taken, filled)
      hash.update(taken)
      filled = needed
      return taken.byteLength
    },
    take() {
      const part = { body: bytes.subarray(0, filled), digest: hash.digest('hex') }
      bytes = new Uint8Array(0)
      filled = 0
      hash = createHash('sha256')
      return part
    },
  }
}

async function putWhole(
  client: S3Client,
  { key, headers }: S3Upload,
  { body, digest }: Part,
): Promise<string> {
  const answer = await client.request({
    operation: OPERATION,
    method: 'PUT',
    key,
    headers: { ...headers, 'x-amz-content-sha256': digest },
    body,
  })
  return etagOf(answer.headers)
}

export function etagOf(headers: Headers): string {
  const etag = headers.get('etag') ?? ''
  return etag.startsWith('"') ? etag : `"${etag}"`
}

interface Multipart {
  /** Resolves when the part is on its way; waits while two others are. */
  send(part: Part): Promise<void>
  /** The etag of the whole. */
  complete(): Promise<string>
  /** Removes what was sent; a store that does not answer is left to the sweep. */
  abort(): Promise<void>
}

const PARTS_UNDER_WAY = 2

async function beginMultipart(client: S3Client, ask: S3Upload): Promise<Multipart> {
  const { key, headers } = ask
  const begun = await client.request({
    operation: OPERATION,
    method: 'POST',
    key,
    query: { uploads: '' },
    headers,
  })
  const uploadId = xmlText(begun.text, 'UploadId')
  if (uploadId === undefined) throw refusedError({ ...begun, status: 500 }, OPERATION, client.root)
  const stop = new AbortController()
  const underWay = new Set<Promise<void>>()
  const etags: string[] = []
  let failure: { readonly error: unknown } | undefined

  const sendPart = async ({ body, digest }: Part, index: number): Promise<void> => {
    try {
      const answer = await client.request({
        operation: OPERATION,
        method: 'PUT',
        key,
        query: { partNumber: String(index + 1), uploadId },
        headers: { 'x-amz-content-sha256': digest },
        body,
        signal: stop.signal,
      })
      etags[index] = etagOf(answer.headers)
    } catch (error) {
      failure ??= { error }
      stop.abort()
    }
  }
  const settle = async (limit: number): Promise<void> => {
    while (underWay.size > limit) await Promise.race(underWay)
    if (failure !== undefined) throw failure.error
  }

  let sent = 0
  return {
    async send(part) {
      await settle(PARTS_UNDER_WAY - 1)
      const sending = sendPart(part, sent++).finally(() => underWay.delete(sending))
      underWay.add(sending)
    },
    async complete() {
      await settle(0)
      return completeMultipart(client, ask, uploadId, etags)
    },
    async abort() {
      stop.abort()
      // A part that arrives after the removal would stay.
      await Promise.all(underWay)
      await abortMultipart(client, key, uploadId).catch(() => {})
    },
  }
}

async function completeMultipart(
  client: S3Client,
  { key, headers, markHeader }: S3Upload,
  uploadId: string,
  etags: readonly string[],
): Promise<string> {
  const parts = etags.map(
    (etag, index) => `<Part><PartNumber>${index + 1}</PartNumber><ETag>${xmlEscape(etag)}</ETag></Part>`,
  )
  const answer = await client.request({
    operation: OPERATION,
    method: 'POST',
    key,
    query: { uploadId },
    headers: { 'content-type': 'application/xml' },
    body: `<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${parts.join('')}</CompleteMultipartUpload>`,
    accept: [404],
  })
  if (answer.status !== 404) return xmlText(answer.text, 'ETag') ?? ''
  // The acknowledgement of an earlier attempt was lost, or the upload was swept: the object itself tells which.
  const found = await client.request({ operation: OPERATION, method: 'HEAD', key, accept: [404] })
  if (codeOf(answer) !== 'NoSuchUpload' || found.headers.get(markHeader) !== headers[markHeader])
    throw refusedError(answer, OPERATION, client.root)
  return etagOf(found.headers)
}

/** Does nothing when there is no such upload. */
export async function abortMultipart(client: S3Client, key: string, uploadId: string): Promise<void> {
  await client.request({
    operation: 'remove an upload',
    method: 'DELETE',
    key,
    query: { uploadId },
    accept: [404],
  })
}
