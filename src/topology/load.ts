// Loads a topology: finds the file, reads the environment and the flags, and validates all of it together. The only
// file of this tier that touches the disk besides read-file.ts.

import { resolve } from 'node:path'
import type { Topology } from './schema.ts'
import { givenByEnvironment, givenByFile, givenByFlags, type FlagValue } from './gather.ts'
import { findTopologyFile, readTopologyFile } from './read-file.ts'
import { unknownVariables } from './environment.ts'
import type { ValueSource } from './source.ts'
import { validate } from './validate.ts'

export interface LoadOptions {
  /** Directory of the application; the topology file is looked for in it. */
  readonly appDir: string
  /** A topology file to take in its place, relative to the current directory. */
  readonly file?: string | undefined
  /** From the command line: `[{ flag: '--port', key: 'web.port', value: '8080' }]`. Undefined values are not given. */
  readonly flags?: readonly FlagValue[]
  /** Default: no variables. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export interface LoadedTopology {
  readonly topology: Topology
  /** Absolute path of the file it came from; undefined when there is none and everything has its default. */
  readonly file: string | undefined
  /** Where the value of each setting comes from, by key: `web.port`. */
  readonly sources: ReadonlyMap<string, ValueSource>
}

/**
 * The topology of an application: defaults < file < environment < flags.
 * @throws TOPOLOGY_INVALID with every problem at once, TOPOLOGY_NOT_YET for what a later version brings,
 *   TOPOLOGY_FILE_MISSING, TOPOLOGY_UNLOADABLE (syntax, missing import), TOPOLOGY_EXPORT (no topology in the file)
 */
export async function loadTopology({
  appDir,
  file,
  flags = [],
  env = {},
}: LoadOptions): Promise<LoadedTopology> {
  const found = file === undefined ? findTopologyFile(appDir) : resolve(file)
  const fromFile = found === undefined ? [] : givenByFile(await readTopologyFile(found), found)
  const given = [...fromFile, ...givenByEnvironment(env), ...givenByFlags(flags)]
  return { ...validate([...given, ...unknownVariables(env)], found), file: found }
}
