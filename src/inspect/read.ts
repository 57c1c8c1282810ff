// The source files of an application: its file and whatever that imports from within its directory, by relative paths
// or by the names (`#lib/x.ts`) of its package.json, or loads with `@fastify/autoload`.
// Packages, tests and what is only imported as types are left out. Bounded in number; what is left out is said.

import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, extname, join, relative, resolve, sep } from 'node:path'
import type { Node } from 'oxc-parser'
import { isOwnSpecifier, type ResolveModule } from './program.ts'
import { bare, keyName } from './syntax/walk.ts'
import { MAX_SOURCE_BYTES, parseModule, type Module, type Unreadable } from './syntax/parse.ts'

const MAX_FILES = 2_000

export interface Sources {
  /** Paths relative to the directory, in the order in which they are first imported. */
  readonly modules: readonly Module[]
  readonly unreadable: readonly Unreadable[]
  /** How many files were found beyond the bound and not read. */
  readonly leftOut: number
  readonly resolveModule: ResolveModule
}

/** `entry` is the application's file; `maxFiles` is 1 to 2,000. */
export function readSources(appDir: string, entry: string, maxFiles: number = MAX_FILES): Sources {
  const root = realpathSync(appDir)
  const modules: Module[] = []
  const unreadable: Unreadable[] = []
  const subpaths = subpathsOf(root)
  const resolveModule: ResolveModule = (from, specifier) => {
    const target = specifier.startsWith('#') ? expand(subpaths, specifier) : join(dirname(from), specifier)
    return target === undefined ? undefined : findModule(root, resolve(root, target))
  }
  const seen = new Set([relative(root, realpathSync(entry))])
  // A set is walked in the order of adding, also of what is added on the way.
  for (const path of seen) {
    if (modules.length + unreadable.length >= maxFiles) break
    const parsed = parseFile(root, path)
    if ('problem' in parsed) unreadable.push(parsed)
    else {
      modules.push(parsed)
      for (const specifier of importsOf(parsed.nodes)) {
        const target = isOwnSpecifier(specifier) ? resolveModule(path, specifier) : undefined
        if (target !== undefined) seen.add(target)
      }
      for (const directory of autoloadedBy(parsed.nodes))
        for (const target of modulesIn(root, join(root, dirname(path), directory))) seen.add(target)
    }
  }
  return { modules, unreadable, leftOut: seen.size - modules.length - unreadable.length, resolveModule }
}

function parseFile(root: string, path: string): Module | Unreadable {
  const file = join(root, path)
  try {
    if (statSync(file).size > MAX_SOURCE_BYTES) return { path, problem: 'is larger than 1 MiB' }
    return parseModule(path, readFileSync(file, 'utf8'))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    return { path, problem: `cannot be read (${code})` }
  }
}

function importsOf(nodes: readonly Node[]): readonly string[] {
  return nodes.flatMap((node) => {
    switch (node.type) {
      case 'ImportDeclaration':
        return node.importKind === 'type' ? [] : [node.source.value]
      case 'ExportAllDeclaration':
        return node.exportKind === 'type' ? [] : [node.source.value]
      case 'ExportNamedDeclaration':
        return node.source === null || node.exportKind === 'type' ? [] : [node.source.value]
      case 'ImportExpression':
        return node.source.type === 'Literal' ? [String(node.source.value)] : []
      case 'CallExpression': {
        const [argument] = node.arguments
        const isRequire = node.callee.type === 'Identifier' && node.callee.name === 'require'
        return isRequire && argument?.type === 'Literal' ? [String(argument.value)] : []
      }
      default:
        return []
    }
  })
}

/**
 * Directories whose files `@fastify/autoload` loads, relative to the file: `dir: join(import.meta.dirname, 'routes')`.
 * https://github.com/fastify/fastify-autoload
 */
function autoloadedBy(nodes: readonly Node[]): readonly string[] {
  const isUsed = nodes.some((node) => node.type === 'Literal' && node.value === '@fastify/autoload')
  if (!isUsed) return []
  return nodes.flatMap((node) => {
    if (node.type !== 'Property' || keyName(node.key, node.computed) !== 'dir') return []
    const value = bare(node.value)
    if (value.type !== 'CallExpression') return []
    const [, ...parts] = value.arguments
    const names = parts.flatMap((part) => (part.type === 'Literal' ? [String(part.value)] : []))
    return names.length > 0 && names.length === parts.length ? [join(...names)] : []
  })
}

function modulesIn(root: string, directory: string): readonly string[] {
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => EXTENSIONS.some((extension) => name.endsWith(extension)) && !name.endsWith('.d.ts'))
    .toSorted()
    .flatMap((name) => findModule(root, join(directory, name)) ?? [])
}

type Subpaths = readonly (readonly [pattern: string, target: string])[]

/** `imports` of the application's package.json (https://nodejs.org/api/packages.html#subpath-imports). */
function subpathsOf(root: string): Subpaths {
  let imports: unknown
  try {
    imports = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { imports?: unknown }).imports
  } catch {
    // No package, or one that npm would not read either: it gives no names.
    return []
  }
  return Object.entries(imports ?? {}).flatMap(([pattern, target]) => {
    const path: unknown =
      typeof target === 'object' && target !== null ? Object.values(target).at(-1) : target
    return typeof path === 'string' && path.startsWith('.') ? [[pattern, path] as const] : []
  })
}

function expand(subpaths: Subpaths, specifier: string): string | undefined {
  for (const [pattern, target] of subpaths) {
    const [before = '', after] = pattern.split('*')
    if (after === undefined && pattern === specifier) return target
    const isMatch = after !== undefined && specifier.startsWith(before) && specifier.endsWith(after)
    if (isMatch)
      return target.replaceAll('*', specifier.slice(before.length, specifier.length - after.length))
  }
  return undefined
}

const EXTENSIONS = ['.ts', '.tsx', '.mts', '.js', '.mjs', '.cjs', '.jsx', '.cts'] as const
/** TypeScript is imported under the name of what it compiles to. */
const COMPILED: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.ts', '.tsx'],
  '.jsx': ['.tsx'],
  '.mjs': ['.mts'],
  '.cjs': ['.cts'],
}
const TEST = /\.(test|spec)\.[cm]?[jt]sx?$|(^|[/\\])(__tests__|__mocks__)[/\\]/

/** The path within `root`, or undefined for what does not exist, is no source, or is not the application's own. */
function findModule(root: string, target: string): string | undefined {
  const extension = extname(target)
  const stem = target.slice(0, target.length - extension.length)
  const candidates = [
    ...(EXTENSIONS.some((known) => known === extension) ? [target] : []),
    ...(COMPILED[extension] ?? []).map((compiled) => stem + compiled),
    ...EXTENSIONS.map((known) => target + known),
    ...EXTENSIONS.map((known) => join(target, `index${known}`)),
  ]
  const found = candidates.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile())
  if (found === undefined) return undefined
  const path = relative(root, realpathSync(found))
  const isOwn = !path.startsWith('..') && !path.split(sep).includes('node_modules') && !TEST.test(path)
  return isOwn ? path : undefined
}
