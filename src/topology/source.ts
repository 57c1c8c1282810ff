// Where a value comes from. Every value of a loaded topology remembers it, so that a message and `pando config` can say
// which file, variable or flag to change.

import { basename } from 'node:path'

export type ValueSource =
  | { readonly kind: 'default' }
  | { readonly kind: 'stage'; readonly stage: string }
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'environment'; readonly name: string }
  | { readonly kind: 'flag'; readonly name: string }

/** For a person: `default`, `stage balanced`, `pando.topology.ts`, `PORT`, `--port`. */
export function describeSource(source: ValueSource): string {
  if (source.kind === 'default') return 'default'
  if (source.kind === 'stage') return `stage ${source.stage}`
  return source.kind === 'file' ? basename(source.file) : source.name
}

const SHOWN_LENGTH = 80

/** A value for a person, as JSON of at most 80 characters; `***` for a secret, and URLs without their passwords. */
export function showValue(value: unknown, secret: boolean): string {
  if (secret && value !== undefined) return '***'
  const json = toJson(value).replaceAll(/(\/\/[^/@\s"]*:)[^/@\s"]*@/g, '$1***@')
  return json.length > SHOWN_LENGTH ? `${json.slice(0, SHOWN_LENGTH - 1)}…` : json
}

function toJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    // A cycle or a bigint: nothing a topology can hold, but it must be possible to say so.
    return Object.prototype.toString.call(value)
  }
}

const BYTE_UNITS = [
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
] as const
const TIME_UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

/** A number of bytes or milliseconds once more in the largest unit that fits it evenly: ` (10 MiB)`; else nothing. */
export function inWords(key: string, value: unknown): string {
  if (typeof value !== 'number' || value === 0) return ''
  const units = key.endsWith('Bytes') ? BYTE_UNITS : key.endsWith('Ms') ? TIME_UNITS : []
  const unit = units.find(([size]) => value % size === 0)
  return unit === undefined ? '' : ` (${value / unit[0]} ${unit[1]})`
}
