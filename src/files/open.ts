// Opens the `files` tier: checks what every driver may rely on (name, media type, size) and hands the rest to the
// driver that the settings name.

import assert from 'node:assert/strict'
import { systemClock, type Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { limitBytes } from '../base/limits.ts'
import { secretToken } from '../base/random.ts'
import { S3_CREDENTIALS, type FilesSettings } from './config.ts'
import { checkContentType } from './content-type.ts'
import type { FileDriver } from './driver.ts'
import type { S3Credentials } from './drivers/s3-client.ts'
import type { Files, PutOptions } from './files.ts'
import { linkAnswer } from './link-handler.ts'
import { linkSigner } from './links.ts'
import { checkName } from './name.ts'

export interface OpenFilesOptions {
  /** Directory of the driver `fs`; made when it is missing. */
  readonly dir: string
  readonly settings: FilesSettings
  /**
   * Signs the links of files that no store has links for; the same in every process. Default: one of this process, so
   * that its links are good here and until it ends.
   */
  readonly linkSecret?: string
  /** Where the credentials of `s3` are. Default: the environment of the process. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly clock?: Clock
}

export interface OpenedFiles extends Files, AsyncDisposable {
  /** Answers requests to the links that lead to this site, those below `/-/files/`. @throws FILES_LINK_INVALID */
  readonly answerLink: (request: Request) => Promise<Response>
  /** May be called twice. Bodies that were given out can still be read; later calls throw FILES_CLOSED. */
  close(): Promise<void>
}

/**
 * @throws FILES_UNAVAILABLE, FILES_NO_SPACE when the place cannot be opened; FILES_CREDENTIALS_MISSING,
 * FILES_BUCKET_MISSING, FILES_BUCKET_REFUSED
 */
export async function openFiles(options: OpenFilesOptions): Promise<OpenedFiles> {
  const { dir, settings, clock = systemClock, env = process.env } = options
  return filesOn(await openDriver(dir, settings, env, clock), settings, { ...options, clock })
}

async function openDriver(
  dir: string,
  settings: FilesSettings,
  env: Readonly<Record<string, string | undefined>>,
  clock: Clock,
): Promise<FileDriver> {
  const { driver, url, bucket, region, timeoutMs, temporaryMaxAgeMs } = settings
  if (driver === 'fs') {
    const { fs } = await import('./drivers/fs.ts')
    return fs({ root: dir, temporaryMaxAgeMs, clock })
  }
  assert(url !== undefined && bucket !== undefined, 'the settings of `s3` name a URL and a bucket')
  const credentials = credentialsOf(env, `${url}/${bucket}`)
  // A store takes at most 10,000 parts of one content.
  const partBytes = Math.max(settings.partBytes, Math.ceil(settings.maxBytes / 10_000))
  const { s3 } = await import('./drivers/s3.ts')
  return s3({ url, bucket, region, credentials, timeoutMs, partBytes, temporaryMaxAgeMs, clock })
}

function credentialsOf(env: Readonly<Record<string, string | undefined>>, root: string): S3Credentials {
  const [accessKeyId, secretAccessKey, sessionToken] = S3_CREDENTIALS.map((name) => env[name])
  if (accessKeyId && secretAccessKey)
    return { accessKeyId, secretAccessKey, ...(sessionToken && { sessionToken }) }
  const names = S3_CREDENTIALS.slice(0, 2).filter((name) => !env[name])
  throw new PlatformError('FILES_CREDENTIALS_MISSING', { root, names: names.join(' or ') })
}

/** How long a link is good when nobody says: long enough for a slow upload to begin after a form was filled in. */
const LINK_MS = 15 * 60_000
// What AWS Signature Version 4 allows.
const LINK_MAX_MS = 7 * 24 * 3_600_000

/** The tier on a driver that is open already, for one of your own. Closing it closes the driver. */
export function filesOn(
  driver: FileDriver,
  settings: Pick<FilesSettings, 'maxBytes'>,
  { linkSecret = secretToken(), clock = systemClock }: Pick<OpenFilesOptions, 'linkSecret' | 'clock'> = {},
): OpenedFiles {
  const signer = linkSigner(linkSecret, clock)
  const links = driver.links ?? signer
  // Every method is async, so that a wrong name rejects like any other failure.
  const files: Files = {
    async put(name, content, options: PutOptions = {}) {
      checkName(name)
      const contentType = checkContentType(options.contentType ?? 'application/octet-stream')
      const maxBytes = Math.min(options.maxBytes ?? settings.maxBytes, settings.maxBytes)
      const tooLarge = (): Error => new PlatformError('FILES_TOO_LARGE', { name, maxBytes })
      if (content instanceof Uint8Array && content.byteLength > maxBytes) throw tooLarge()
      return driver.put(name, limitBytes(chunksOf(content), maxBytes, tooLarge), contentType)
    },
    async get(name, range) {
      checkName(name)
      return driver.get(name, range)
    },
    async head(name) {
      checkName(name)
      return driver.head(name)
    },
    async delete(name) {
      checkName(name)
      return driver.delete(name)
    },
    async uploadUrl(name, options) {
      checkName(name)
      const contentType = checkContentType(options.contentType)
      const { sizeBytes } = options
      assert(
        Number.isSafeInteger(sizeBytes) && sizeBytes >= 0,
        '`sizeBytes` is the exact size of the content',
      )
      const { maxBytes } = settings
      if (sizeBytes > maxBytes) throw new PlatformError('FILES_TOO_LARGE', { name, maxBytes })
      const expiresMs = linkMs(options.expiresMs)
      return { method: 'PUT', ...(await links.upload(name, { contentType, sizeBytes, expiresMs })) }
    },
    async downloadUrl(name, options) {
      checkName(name)
      return links.download(name, { expiresMs: linkMs(options?.expiresMs) })
    },
  }
  return {
    ...files,
    answerLink: linkAnswer(files, signer),
    close: () => driver.close(),
    [Symbol.asyncDispose]: () => driver.close(),
  }
}

function linkMs(expiresMs = LINK_MS): number {
  assert(expiresMs >= 1_000 && expiresMs <= LINK_MAX_MS, '`expiresMs` is 1 second to 7 days')
  return expiresMs
}

// Digest and write of one chunk are one step of the event loop: at about 1 GB/s, 256 KiB hold other requests up for a
// quarter of a millisecond.
const CHUNK_MAX_BYTES = 256 * 1024

async function* chunksOf(
  content: AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> | Uint8Array,
): AsyncGenerator<Uint8Array, void> {
  const source = content instanceof Uint8Array ? [content] : content
  for await (const chunk of source) {
    assert(chunk instanceof Uint8Array, 'the content of a file must come as Uint8Array chunks, not as text')
    for (let at = 0; at < chunk.byteLength; at += CHUNK_MAX_BYTES)
      yield chunk.subarray(at, at + CHUNK_MAX_BYTES)
  }
}
