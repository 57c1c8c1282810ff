// Where the `fs` driver puts things below its root:
//
//   objects/3f/3f9a…  one file an object, called after the SHA-256 of its name
//   tmp/…             content that is still arriving
//
// The digest makes a name unable to leave the root, lets `a` stand beside `a/b`, keeps `A` and `a` apart on file systems
// that fold case or rewrite Unicode, and fits every length. The price, that `ls` does not show names, is paid back by
// the footer, which has the name. 256 directories keep each one small up to millions of objects.

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { lstat, mkdir, open, readdir, realpath, unlink } from 'node:fs/promises'
import { join } from 'node:path'

export interface Layout {
  readonly root: string
  readonly objectsDir: string
  readonly temporaryDir: string
}

export interface ObjectPlace {
  readonly dir: string
  readonly path: string
}

/** The place of the object called `name`. Pure. */
export function placeOf(layout: Pick<Layout, 'objectsDir'>, name: string): ObjectPlace {
  const digest = createHash('sha256').update(name).digest('hex')
  const dir = join(layout.objectsDir, digest.slice(0, 2))
  return { dir, path: join(dir, digest) }
}

/** The directories at `root`, made (mode 700) where they are missing. The root alone may be a symbolic link. */
export async function openLayout(root: string): Promise<Layout> {
  await mkdir(root, { recursive: true, mode: 0o700 })
  const real = await realpath(root)
  const layout = { root: real, objectsDir: join(real, 'objects'), temporaryDir: join(real, 'tmp') }
  for (const dir of [layout.objectsDir, layout.temporaryDir]) await makeDirectory(dir, real)
  return layout
}

/**
 * Makes `dir` in `parent`, durably; does nothing when it exists.
 * @throws ENOTDIR (as the file system's own errors are) when something else has its name, a symbolic link included.
 */
export async function makeDirectory(dir: string, parent: string): Promise<void> {
  if (await isDirectory(dir)) return
  try {
    await mkdir(dir, { mode: 0o700 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !(await isDirectory(dir))) throw error
  }
  await syncDirectory(parent)
}

/** Whether `dir` is a directory; false when there is nothing. @throws ENOTDIR when there is something else. */
export async function isDirectory(dir: string): Promise<boolean> {
  try {
    if ((await lstat(dir)).isDirectory()) return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
  throw Object.assign(new Error(`ENOTDIR: not a directory, or a symbolic link, '${dir}'`), {
    code: 'ENOTDIR',
  })
}

/** Makes the names in `dir` durable: a rename or an unlink survives a power cut only after it. */
export async function syncDirectory(dir: string): Promise<void> {
  const handle = await open(dir, constants.O_RDONLY | constants.O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const SWEEP_MAX_REMOVALS = 10_000

/**
 * Removes temporary files that nobody has written to since `olderThanMs` (milliseconds since 1970): leftovers of killed
 * writers. Age decides and not the writer's pid, because writers on other machines may share the directory. If a live
 * writer is robbed after all, its rename fails and its `put` reports it: never a wrong content.
 * @returns how many went, at most 10,000.
 */
export async function sweepTemporary(layout: Layout, olderThanMs: number): Promise<number> {
  let removed = 0
  for (const entry of await readdir(layout.temporaryDir)) {
    if (removed >= SWEEP_MAX_REMOVALS) break
    if (await removeIfOlder(join(layout.temporaryDir, entry), olderThanMs)) removed++
  }
  return removed
}

async function removeIfOlder(path: string, olderThanMs: number): Promise<boolean> {
  try {
    const found = await lstat(path)
    if (found.isDirectory() || found.mtimeMs >= olderThanMs) return false
    await unlink(path)
    return true
  } catch (error) {
    // Its writer, or another process that sweeps, was faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
