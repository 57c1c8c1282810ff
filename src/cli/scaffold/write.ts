// Puts a new application where it belongs, whole or not at all: everything is written into a directory beside it,
// which then takes its name.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { describeError, PlatformError } from '../../base/errors.ts'

/**
 * Writes `files` (path → content) as the directory `dir`, which may exist if it is empty.
 * @returns the absolute path
 * @throws CLI_DIRECTORY_TAKEN, CLI_DIRECTORY_UNWRITABLE
 */
export function writeScaffold(dir: string, files: Readonly<Record<string, string>>): string {
  const path = resolve(dir)
  const found = occupantOf(path)
  if (found !== undefined) throw new PlatformError('CLI_DIRECTORY_TAKEN', { path, found })

  let temporary: string | undefined
  try {
    mkdirSync(dirname(path), { recursive: true })
    temporary = mkdtempSync(join(dirname(path), `.${basename(path)}-`))
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(temporary, name)), { recursive: true })
      writeFileSync(join(temporary, name), content, { flag: 'wx' })
    }
    takeName(temporary, path)
  } catch (cause) {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
    throw new PlatformError('CLI_DIRECTORY_UNWRITABLE', { path, reason: describeError(cause) }, { cause })
  }
  return path
}

/** What stands in the way, as the end of a sentence about the path. */
function occupantOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return undefined
  if (!stat.isDirectory()) return 'is a file'
  const entries = readdirSync(path)
  return entries.length === 0
    ? undefined
    : `holds ${entries.length === 1 ? entries[0] : `${entries.length} entries`} already`
}

/** rename(2) replaces an empty directory and fails on one that has been filled meanwhile. */
function takeName(temporary: string, path: string): void {
  // mkdtemp makes it private (700); an application directory is as readable as any other.
  const mode = existsSync(path) ? statSync(path).mode & 0o777 : 0o777 & ~process.umask()
  chmodSync(temporary, mode)
  renameSync(temporary, path)
}
