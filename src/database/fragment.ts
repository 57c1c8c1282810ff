// Composing statements without ever putting a value into text. A fragment keeps its pieces of SQL and its values apart
// until the whole statement is known; only then do the values become $1, $2, ….
//
// Fragments carry a symbol as their mark. Data from outside (JSON) cannot hold a symbol, so an object that a visitor
// sent is always a value, never SQL.

import { PlatformError } from '../base/errors.ts'

/** A piece of SQL with its parameters, made by the tag `fragment`; composes into statements and other fragments. */
export interface Fragment {
  /** One piece more than there are values. */
  readonly text: readonly string[]
  readonly values: readonly unknown[]
}

/** A whole statement as PostgreSQL takes it. */
export interface Statement {
  readonly text: string
  readonly values: readonly unknown[]
}

// Registered, so that two copies of the package know each other's fragments.
const MARK = Symbol.for('pando.database.fragment')

/** The protocol counts parameters in 16 bits (postgresql.org/docs/18/protocol-message-formats.html, Bind). */
const MAX_PARAMETERS = 65_535
/** NAMEDATALEN - 1; PostgreSQL would cut a longer name silently. */
const MAX_IDENTIFIER_BYTES = 63

/** `` fragment`where author = ${id}` ``: SQL to splice into another statement. Values become its parameters. */
export function fragment(text: TemplateStringsArray, ...values: readonly unknown[]): Fragment {
  return flatten(text, values)
}

export function isFragment(value: unknown): value is Fragment {
  return typeof value === 'object' && value !== null && MARK in value
}

/**
 * A quoted name: `identifier('article')`, `identifier('public', 'article')` for one with its schema.
 * @throws DATABASE_FRAGMENT_INVALID for an empty name, one with a zero character, or one longer than 63 bytes.
 */
export function identifier(...parts: readonly [string, ...string[]]): Fragment {
  return raw(parts.map(quoteIdentifier).join('.'))
}

/**
 * Fragments or values one after the other, `, ` between them: `` fragment`id in (${join(ids)})` ``. Every item that is
 * no fragment becomes a parameter.
 * @throws DATABASE_FRAGMENT_INVALID when there are none, because no SQL means "nothing" everywhere.
 */
export function join(items: readonly unknown[], separator: Fragment = fragment`, `): Fragment {
  if (items.length === 0) throw invalid('join was given no items')
  const text: string[] = []
  const spliced: unknown[] = []
  for (const [index, item] of items.entries()) {
    text.push('')
    if (index > 0) {
      spliced.push(separator)
      text.push('')
    }
    spliced.push(item)
  }
  return flatten([...text, ''], spliced)
}

/** Text with numbered parameters. @throws DATABASE_FRAGMENT_INVALID with more than 65,535 of them. */
export function compose(text: readonly string[], values: readonly unknown[]): Statement {
  if (values.length === 0) return { text: text[0]!, values }
  if (!values.some(isFragment)) return { text: numbered(text), values }
  const flat = flatten(text, values)
  return { text: numbered(flat.text), values: flat.values }
}

function flatten(text: readonly string[], values: readonly unknown[]): Fragment {
  const pieces = [text[0]!]
  const parameters: unknown[] = []
  const append = (more: string): void => void (pieces[pieces.length - 1] += more)
  for (const [index, value] of values.entries()) {
    if (isFragment(value)) {
      append(value.text[0]!)
      pieces.push(...value.text.slice(1))
      for (const parameter of value.values) parameters.push(parameter)
    } else {
      parameters.push(value)
      pieces.push('')
    }
    append(text[index + 1]!)
  }
  return marked(pieces, parameters)
}

function numbered(text: readonly string[]): string {
  if (text.length > MAX_PARAMETERS + 1)
    throw invalid(
      `it has ${text.length - 1} parameters and PostgreSQL takes ${MAX_PARAMETERS}; pass one array instead`,
    )
  let result = text[0]!
  for (let index = 1; index < text.length; index++) result += `$${index}${text[index]}`
  return result
}

function quoteIdentifier(name: string): string {
  if (typeof name !== 'string' || name === '') throw invalid('a name is empty or no text')
  if (name.includes('\0')) throw invalid('a name contains a zero character')
  if (Buffer.byteLength(name) > MAX_IDENTIFIER_BYTES)
    throw invalid(`the name "${name}" is longer than ${MAX_IDENTIFIER_BYTES} bytes`)
  return `"${name.replaceAll('"', '""')}"`
}

function raw(text: string): Fragment {
  return marked([text], [])
}

function marked(text: readonly string[], values: readonly unknown[]): Fragment {
  return Object.freeze({ text, values, [MARK]: true })
}

function invalid(problem: string): PlatformError {
  return new PlatformError('DATABASE_FRAGMENT_INVALID', { problem })
}
