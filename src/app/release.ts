// Which release of an application a directory holds: a digest of its files and of what runs them. `up` writes it into
// the plan and `apply` compares, so edited code is noticed although no setting has changed.
//
// Covers the directory itself. Code that is imported from outside of it is not seen, and neither is what stands behind
// a linked directory; the nearest lock file stands for installed packages.

import { createHash, type Hash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync, type Stats } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { secretToken } from '../base/random.ts'
import { TOPOLOGY_FILES } from '../topology/read-file.ts'

/** Up to here files are judged by their content; a larger file, and what comes after, by size and time of change. */
export interface ReleaseBounds {
  readonly fileBytes: number
  readonly totalBytes: number
  /** With more files than this the application counts as changed each time: that is slow but never wrong. */
  readonly files: number
}

const BOUNDS: ReleaseBounds = { fileBytes: 4 * 1024 * 1024, totalBytes: 64 * 1024 * 1024, files: 50_000 }

const LOCK_FILES = ['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock']

/**
 * 16 hexadecimal digits that stay the same while the files of `appDir` do, wherever the directory is. Without
 * `node_modules`, names that begin with a dot, the topology file, and `dataDir`.
 */
export function releaseOf(appDir: string, dataDir: string, bounds: ReleaseBounds = BOUNDS): string {
  const root = resolve(appDir)
  const hash = createHash('sha256')
  entry(hash, 'pando', readFileSync(new URL('../../package.json', import.meta.url)))
  for (const path of [nearestOf(root, ['package.json']), nearestOf(root, LOCK_FILES)])
    if (path !== undefined) entry(hash, `packages ${path.name}`, readFileSync(path.file))
  let readBytes = 0
  let files = 0
  for (const path of filesBelow(root, resolve(dataDir))) {
    files += 1
    if (files > bounds.files) return secretToken(12)
    const stats = statsOf(path)
    if (stats === undefined) continue
    const name = relative(root, path)
    if (stats.isSymbolicLink()) {
      entry(hash, `link ${name}`, Buffer.from(readlinkSync(path)))
      continue
    }
    const fits = stats.size <= bounds.fileBytes && readBytes + stats.size <= bounds.totalBytes
    const content = fits ? contentOf(path) : undefined
    readBytes += content?.byteLength ?? 0
    if (content === undefined) entry(hash, `seen ${name}`, Buffer.from(`${stats.size} ${stats.mtimeMs}`))
    else entry(hash, `file ${name}`, content)
  }
  return hash.digest('hex').slice(0, 16)
}

/** Lengths go before the parts, so that no two lists of files have the same bytes. */
function entry(hash: Hash, name: string, content: Buffer): void {
  hash.update(`${Buffer.byteLength(name)}:${name}${content.byteLength}:`)
  hash.update(content)
}

/** Everything but directories, in an order that is the same on every machine. */
function* filesBelow(directory: string, except: string): Generator<string> {
  const entries = readdirSync(directory, { withFileTypes: true })
  for (const each of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(directory, each.name)
    if (each.name.startsWith('.') || each.name === 'node_modules' || path === except) continue
    // What it says is compared setting by setting.
    if (TOPOLOGY_FILES.includes(each.name)) continue
    if (each.isDirectory()) yield* filesBelow(path, except)
    // A pipe or a socket has no content to wait for.
    else if (each.isFile() || each.isSymbolicLink()) yield path
  }
}

/** Of a link to a file the file's; of another link its own. Undefined when it was taken away meanwhile. */
function statsOf(path: string): Stats | undefined {
  const followed = statSync(path, { throwIfNoEntry: false })
  return followed?.isFile() ? followed : lstatSync(path, { throwIfNoEntry: false })
}

/** Undefined when it cannot be read: an application may hold files that are not for whoever starts it. */
function contentOf(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

function nearestOf(from: string, names: readonly string[]): { name: string; file: string } | undefined {
  for (let directory = from; ; directory = dirname(directory)) {
    for (const name of names) {
      const file = join(directory, name)
      if (statSync(file, { throwIfNoEntry: false })?.isFile()) return { name, file }
    }
    if (directory === dirname(directory)) return undefined
  }
}
