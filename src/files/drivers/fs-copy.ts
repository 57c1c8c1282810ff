// Copies the files that the driver `fs` keeps in a directory to wherever another `files` keeps its own, for a move. May be
// interrupted and repeated: what has arrived since is not sent again, and what was stored at the new place later than in
// the directory is left alone.

import { open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { fs } from './fs.ts'
import { readFully } from './fs-body.ts'
import { decodeFooter, FOOTER_MAX_BYTES } from './fs-footer.ts'
import type { FileDriver } from '../driver.ts'
import type { Files, StoredFile } from '../files.ts'

export interface CopyResult {
  readonly copied: number
  /** Were there already. */
  readonly skipped: number
  readonly copiedBytes: number
}

/**
 * Copies every file below `dir` (the directory `files` of a data directory), one after the other. The application may run
 * meanwhile; files that it deletes after they were copied stay at the new place.
 * @throws what `put` of the other side throws; FILES_DAMAGED for a file that is not whole
 */
export async function copyFiles(dir: string, to: Files): Promise<CopyResult> {
  await using from = await fs({ root: dir, temporaryMaxAgeMs: 2 ** 31 - 1, clock: systemClock })
  const result = { copied: 0, skipped: 0, copiedBytes: 0 }
  for await (const name of namesIn(dir)) {
    const there = await to.head(name)
    const file = await from.get(name)
    if (file === undefined) continue
    if (there !== undefined && there.modifiedAt >= file.modifiedAt) {
      await file.body.cancel()
      result.skipped++
      continue
    }
    result.copied++
    result.copiedBytes += await copyNewest(from, file, to)
  }
  return result
}

const ROUNDS_MAX = 10

/**
 * Copies `file`, and again what took its place meanwhile: the copy may have a later time than that, and the next run would
 * take it for the newer one. How many bytes the last has.
 */
async function copyNewest(from: FileDriver, file: StoredFile, to: Files): Promise<number> {
  let newest = file
  for (let round = 1; ; round++) {
    const { name, contentType, etag, modifiedAt } = newest
    await to.put(name, newest.body, { contentType })
    const now = await from.head(name)
    const isSame = now?.etag === etag && now.modifiedAt.getTime() === modifiedAt.getTime()
    if (isSame || round === ROUNDS_MAX) return newest.sizeBytes
    const next = await from.get(name)
    if (next === undefined) return newest.sizeBytes
    newest = next
  }
}

/** The names that stand in the objects; an object that went meanwhile is left out. */
async function* namesIn(dir: string): AsyncGenerator<string, void> {
  const objects = join(dir, 'objects')
  for (const part of await readdir(objects))
    for (const object of await readdir(join(objects, part))) {
      const name = await nameOf(join(objects, part, object))
      if (name !== undefined) yield name
    }
}

async function nameOf(path: string): Promise<string | undefined> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, FOOTER_MAX_BYTES)
    const tail = Buffer.from(await readFully(handle, length, size - length))
    const { info, problem } = decodeFooter(tail, size)
    if (info === undefined) throw new PlatformError('FILES_DAMAGED', { name: 'an object', path, problem })
    return info.name
  } finally {
    await handle.close()
  }
}
