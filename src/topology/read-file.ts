// Reads a topology file: imports it (TypeScript by Node's type stripping) and turns whatever goes wrong into one
// error that names the file and, where it is known, the line.

import { execFile } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describeError, PlatformError } from '../base/errors.ts'
import { isPlainObject } from './gather.ts'

/** Names that the topology file of an application may have, the first that is there counts. */
export const TOPOLOGY_FILES: readonly string[] = [
  'pando.topology.ts',
  'pando.topology.js',
  'pando.topology.mjs',
]

/** The topology file in `appDir`: the first of pando.topology.ts, .js, .mjs. Undefined when there is none. */
export function findTopologyFile(appDir: string): string | undefined {
  return TOPOLOGY_FILES.map((name) => join(resolve(appDir), name)).find((path) => existsSync(path))
}

/**
 * What `file` exports as default. A changed file is read anew by a process that has read it before.
 * @throws TOPOLOGY_FILE_MISSING, TOPOLOGY_UNLOADABLE, TOPOLOGY_EXPORT
 */
export async function readTopologyFile(file: string): Promise<Readonly<Record<string, unknown>>> {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (!stat?.isFile()) throw new PlatformError('TOPOLOGY_FILE_MISSING', { file })

  const url = pathToFileURL(file)
  url.searchParams.set('modified', String(stat.mtimeMs))
  let exported: Readonly<Record<string, unknown>>
  try {
    exported = (await import(url.href)) as typeof exported
  } catch (cause) {
    throw await unloadable(file, cause)
  }
  const found = problemOf(exported)
  if (found !== undefined) throw new PlatformError('TOPOLOGY_EXPORT', { file, found })
  return exported['default'] as Record<string, unknown>
}

function problemOf(exported: Readonly<Record<string, unknown>>): string | undefined {
  const names = Object.keys(exported).filter((name) => name !== 'default')
  if (!('default' in exported)) {
    return names.length === 0
      ? 'it exports nothing'
      : `it exports ${names.join(', ')} and has no default export`
  }
  const candidate = exported['default']
  if (typeof candidate === 'function') return 'its default export is a function and not an object'
  if (candidate instanceof Promise) return 'its default export is a promise; put `await` before it'
  if (Array.isArray(candidate)) return 'its default export is a list'
  return isPlainObject(candidate)
    ? undefined
    : `its default export is ${candidate === null ? 'null' : `a ${typeof candidate}`}`
}

async function unloadable(file: string, cause: unknown): Promise<PlatformError> {
  const stack = cause instanceof Error ? (cause.stack ?? '') : ''
  const syntax = cause instanceof SyntaxError
  const line = lineIn(stack, file) ?? (syntax ? lineIn(await checkSyntax(file), file) : undefined)
  const reason = describeError(cause).replace(
    /^ERR_(INVALID|UNSUPPORTED)_TYPESCRIPT_SYNTAX: /,
    'syntax error: ',
  )
  return new PlatformError(
    'TOPOLOGY_UNLOADABLE',
    { file, ...(line === undefined ? {} : { line }), reason },
    { cause },
  )
}

/** The line after the file's name in a stack trace: `/app/x.ts:4` or `file:///app/x.ts?modified=1:4:25`. */
function lineIn(text: string, file: string): number | undefined {
  for (const name of [pathToFileURL(file).href, file]) {
    const at = text.indexOf(name)
    const line = at < 0 ? undefined : /^(?:\?[^:\s]*)?:(\d+)/.exec(text.slice(at + name.length))?.[1]
    if (line !== undefined) return Number(line)
  }
  return undefined
}

const CHECK_TIMEOUT_MS = 5_000

/** Node gives the line of a syntax error in plain JavaScript only on its standard error: ask it for that. */
async function checkSyntax(file: string): Promise<string> {
  try {
    await promisify(execFile)(process.execPath, ['--check', file], { timeout: CHECK_TIMEOUT_MS })
    return ''
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? ''
  }
}
