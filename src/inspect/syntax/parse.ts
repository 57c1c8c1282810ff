// One file of an application, parsed, with every identifier bound. Nothing of it is run.

import { parseSync, type Comment, type Node, type OxcError as ParserError } from 'oxc-parser'
import { bindIdentifiers, type Binding } from './scope.ts'
import { nodesOf } from './walk.ts'

/** Larger ones are generated or data, and are reported as not read. */
export const MAX_SOURCE_BYTES = 1_048_576

export interface Module {
  /** Absolute, or however the caller names it. */
  readonly path: string
  readonly text: string
  /** Parents first, in the order of the source; `nodes[0]` is the program. */
  readonly nodes: readonly Node[]
  readonly bindings: ReadonlyMap<Node, Binding>
  readonly comments: readonly Comment[]
  /** Where each line begins, as an offset in `text`. */
  readonly lineStarts: readonly number[]
}

/** Why a file could not be read as a program: `12:3 Expected a semicolon`. */
export interface Unreadable {
  readonly path: string
  readonly problem: string
}

/** Line and column count from 1, as editors do; a column is a UTF-16 unit. */
export interface Place {
  readonly line: number
  readonly column: number
}

/** The dialect follows the extension of `path`. Never throws over what the text says. */
export function parseModule(path: string, text: string): Module | Unreadable {
  if (text.length > MAX_SOURCE_BYTES) return { path, problem: `is larger than ${MAX_SOURCE_BYTES} bytes` }
  const { program, comments, errors } = parseSync(path, text, {
    lang: dialect(path),
    sourceType: 'unambiguous',
    astType: 'ts',
    preserveParens: false,
  })
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
  const error = errors.find(({ severity }) => severity === ERROR)
  if (error !== undefined) {
    const { line, column } = placeAt(lineStarts, error.labels[0]?.start ?? 0)
    return { path, problem: `${line}:${column} ${error.message}` }
  }
  const nodes = nodesOf(program)
  return { path, text, nodes, comments, lineStarts, bindings: bindIdentifiers(nodes) }
}

// A const enum of the parser, which type stripping cannot read.
const ERROR = 'Error' as ParserError['severity']

// JavaScript files are read as JSX too: bundlers accept it there, and nothing else of the language changes.
function dialect(path: string): 'ts' | 'tsx' | 'jsx' {
  if (path.endsWith('.tsx')) return 'tsx'
  return /\.[cm]?ts$/.test(path) ? 'ts' : 'jsx'
}

export function placeAt(lineStarts: readonly number[], offset: number): Place {
  let low = 0
  let high = lineStarts.length - 1
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (lineStarts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return { line: low + 1, column: offset - lineStarts[low]! + 1 }
}
