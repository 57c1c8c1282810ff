// How the `fs` driver lays one object out in one file: content, then a footer that describes it, so that both appear in
// one atomic rename and one open descriptor always sees both of the same version.
//
//   content (sizeBytes) | description (JSON, UTF-8) | its length (uint32, little endian) | magic (8 bytes)
//
// The description comes last because digest and size are known last, and the content first so that it can be read, and
// rescued with ordinary tools, from offset 0. A format that changes gets another magic.

import type { FileInfo } from '../files.ts'

const MAGIC = Buffer.from('PANDOF1\n', 'latin1')
const TRAILER_BYTES = 4 + MAGIC.byteLength
// Name and media type are limited to 1024 and 255 bytes, at most sixfold when escaped; the rest is under 200.
const DESCRIPTION_MAX_BYTES = 8192

/** No footer is longer. */
export const FOOTER_MAX_BYTES: number = DESCRIPTION_MAX_BYTES + TRAILER_BYTES

export function encodeFooter(info: FileInfo): Buffer {
  const description = Buffer.from(
    JSON.stringify({
      name: info.name,
      sizeBytes: info.sizeBytes,
      contentType: info.contentType,
      etag: info.etag,
      modifiedAtMs: info.modifiedAt.getTime(),
    }),
  )
  const length = Buffer.alloc(4)
  length.writeUInt32LE(description.byteLength)
  return Buffer.concat([description, length, MAGIC])
}

export type DecodedFooter =
  | { readonly info: FileInfo; readonly problem?: undefined }
  | { readonly info?: undefined; readonly problem: string }

/**
 * The description of the object called `name` (of any object without) from `tail`, the last bytes of a file of `fileBytes` (all of them, or
 * `FOOTER_MAX_BYTES` or more), or what is wrong with it.
 */
export function decodeFooter(tail: Buffer, fileBytes: number, name?: string): DecodedFooter {
  if (tail.byteLength < TRAILER_BYTES || !tail.subarray(-MAGIC.byteLength).equals(MAGIC))
    return { problem: 'it has no footer' }
  const length = tail.readUInt32LE(tail.byteLength - TRAILER_BYTES)
  if (length > DESCRIPTION_MAX_BYTES || length + TRAILER_BYTES > tail.byteLength)
    return { problem: 'its footer has an impossible length' }
  const at = tail.byteLength - TRAILER_BYTES - length
  const info = parse(tail.toString('utf8', at, at + length))
  if (info === undefined) return { problem: 'its footer is unreadable' }
  if (info.sizeBytes + length + TRAILER_BYTES !== fileBytes)
    return { problem: `it should hold ${info.sizeBytes} bytes of content and does not` }
  if (name !== undefined && info.name !== name) return { problem: 'its footer has the name of another file' }
  return { info }
}

function parse(text: string): FileInfo | undefined {
  try {
    const { name, sizeBytes, contentType, etag, modifiedAtMs } = JSON.parse(text) as Record<string, unknown>
    if (typeof name !== 'string' || typeof contentType !== 'string' || typeof etag !== 'string')
      return undefined
    if (!Number.isSafeInteger(sizeBytes) || !Number.isFinite(modifiedAtMs)) return undefined
    return {
      name,
      sizeBytes: sizeBytes as number,
      contentType,
      etag,
      modifiedAt: new Date(modifiedAtMs as number),
    }
  } catch {
    return undefined
  }
}
