// The settings as a flat list, read out of the schema: key, default, what is accepted, unit, environment variables and
// description. Parsing, the messages about wrong values, `pando config` and the reference page all go by this list, so
// a setting is declared in its tier's config.ts and nowhere else.

import { z } from 'zod'
import { topologySchema } from './schema.ts'

export interface Setting {
  /** `web.port`; `stage` alone has no tier. */
  readonly key: string
  /** Undefined when there is none. */
  readonly default: unknown
  /** What may be given, with its range and unit, to stand after "expected": `a whole number from 1 to 64`. */
  readonly accepts: string
  /** Environment variables that set it; of two that are set the last wins. */
  readonly env: readonly string[]
  readonly description: string
  /** Its value is never printed. */
  readonly secret: boolean
  /** How text from the environment or a flag is read. */
  readonly kinds: readonly ValueKind[]
}

type ValueKind = 'number' | 'boolean' | 'text' | 'list' | 'object'

/** The part of JSON Schema (draft 2020-12) that zod writes for settings. */
interface Schema {
  readonly type?: string
  readonly default?: unknown
  readonly description?: string
  readonly secret?: boolean
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
}

// A convention of the platforms that start web servers (Heroku, Cloud Run and their like). The platform's wish is
// general and ours is particular, so `PANDO_WEB_PORT` wins.
const WELL_KNOWN_ENV: Readonly<Record<string, readonly string[]>> = { 'web.port': ['PORT'] }
const SECRET_NAME = /(^|[._])(pass(word|wd)?|secrets?|token|keys?)$|(Secret|Token|Password|Keys?)$/

/** `web.keepAliveMs` → `PANDO_WEB_KEEP_ALIVE_MS`. */
export function environmentName(key: string): string {
  const words = key.replaceAll('.', '_').replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
  return `PANDO_${words.toUpperCase()}`
}

/** Every setting of this version, in the order of the schema. */
export function listSettings(): readonly Setting[] {
  known ??= flatten('', z.toJSONSchema(topologySchema, { io: 'input', unrepresentable: 'any' }) as Schema, {})
  return known
}
let known: readonly Setting[] | undefined

function flatten(key: string, schema: Schema, inherited: unknown): Setting[] {
  if (schema.properties !== undefined) {
    const defaults = { ...(inherited as object), ...(schema.default as object | undefined) }
    return Object.entries(schema.properties).flatMap(([name, child]) =>
      flatten(key === '' ? name : `${key}.${name}`, child, (defaults as Record<string, unknown>)[name]),
    )
  }
  return [
    {
      key,
      default: inherited ?? schema.default,
      accepts: accepts(schema, unitOf(key)),
      env: schema.type === 'object' ? [] : [...(WELL_KNOWN_ENV[key] ?? []), environmentName(key)],
      description: schema.description ?? '',
      secret: schema.secret === true || SECRET_NAME.test(key),
      kinds: kinds(schema),
    },
  ]
}

function unitOf(key: string): string {
  if (key.endsWith('Ms')) return ' milliseconds'
  if (key.endsWith('Bytes')) return ' bytes'
  return ''
}

function accepts(schema: Schema, unit: string): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((choice) => accepts(choice, unit)).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(' or ')
  switch (schema.type) {
    case 'integer':
    case 'number':
      return numberRange(schema) + unit
    case 'string':
      return `text${lengthRange(schema)}${form(schema)}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list of ${accepts(schema.items ?? {}, unit)}`
    case 'null':
      return 'null'
    default:
      return 'an object'
  }
}

function numberRange(schema: Schema): string {
  const noun = schema.type === 'integer' ? 'a whole number' : 'a number'
  const least = schema.minimum ?? schema.exclusiveMinimum
  const most = schema.maximum ?? schema.exclusiveMaximum
  // zod writes the limits of safe integers where a setting has none of its own.
  const from = least === undefined || least <= Number.MIN_SAFE_INTEGER ? undefined : least
  const to = most === undefined || most >= Number.MAX_SAFE_INTEGER ? undefined : most
  if (from !== undefined && to !== undefined) return `${noun} from ${from} to ${to}`
  if (from !== undefined) return `${noun} of at least ${from}`
  if (to !== undefined) return `${noun} of at most ${to}`
  return noun
}

function lengthRange({ minLength, maxLength }: Schema): string {
  if (minLength !== undefined && maxLength !== undefined) return ` of ${minLength} to ${maxLength} characters`
  if (minLength !== undefined) return ` of at least ${minLength} characters`
  if (maxLength !== undefined) return ` of at most ${maxLength} characters`
  return ''
}

/** The pattern that text must match; none with a backtick, which no page could show. */
function form({ pattern }: Schema): string {
  return pattern === undefined || pattern.includes('`') ? '' : ` that matches ${pattern}`
}

function kinds(schema: Schema): ValueKind[] {
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.flatMap(kinds))]
  const type = schema.type ?? typeof (schema.const ?? schema.enum?.[0])
  if (type === 'integer' || type === 'number') return ['number']
  if (type === 'boolean') return ['boolean']
  if (type === 'array') return ['list']
  return [type === 'string' ? 'text' : 'object']
}
