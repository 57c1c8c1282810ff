// Opens the `files` tier: checks what every driver may rely on (name, media type, size) and hands the rest to the
// driver that the settings name.

import assert from 'node:assert/strict'
import { systemClock, type Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import { limitBytes } from '../base/limits.ts'
import type { FilesSettings } from './config.ts'
import { checkContentType } from './content-type.ts'
import type { FileDriver } from './driver.ts'
import type { Files, PutOptions } from './files.ts'
import { checkName } from './name.ts'

export interface OpenFilesOptions {
  /** Directory of the driver `fs`; made when it is missing. */
  readonly dir: string
  readonly settings: FilesSettings
  readonly clock?: Clock
}

export interface OpenedFiles extends Files, AsyncDisposable {
  /** May be called twice. Bodies that were given out can still be read; later calls throw FILES_CLOSED. */
  close(): Promise<void>
}

/** @throws FILES_UNAVAILABLE, FILES_NO_SPACE when the place cannot be opened. */
export async function openFiles({ dir, settings, clock }: OpenFilesOptions): Promise<OpenedFiles> {
  const { fs } = await import('./drivers/fs.ts')
  const { temporaryMaxAgeMs } = settings
  return filesOn(await fs({ root: dir, temporaryMaxAgeMs, clock: clock ?? systemClock }), settings)
}

/** The tier on a driver that is open already, for one of your own. Closing it closes the driver. */
export function filesOn(driver: FileDriver, settings: Pick<FilesSettings, 'maxBytes'>): OpenedFiles {
  // Every method is async, so that a wrong name rejects like any other failure.
  return {
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
    close: () => driver.close(),
    [Symbol.asyncDispose]: () => driver.close(),
  }
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
