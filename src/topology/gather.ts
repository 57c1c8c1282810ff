// Puts the values of a topology together: defaults < file < environment < flags. Nothing is judged here; the result is
// the raw object that the schema parses, and for every given value the source it came from.

import { listSettings, type Setting } from './settings.ts'
import type { ValueSource } from './source.ts'

/** A value from the command line; one whose `value` is undefined was not given. */
export interface FlagValue {
  /** `--port` */
  readonly flag: string
  /** `web.port` */
  readonly key: string
  readonly value: unknown
}

export interface Given {
  readonly key: string
  readonly value: unknown
  readonly source: ValueSource
}

/** The leaves of what the file exports: `{ web: { port: 1 } }` → `web.port`. What is no section is not looked into. */
export function givenByFile(exported: Readonly<Record<string, unknown>>, file: string): Given[] {
  const source: ValueSource = { kind: 'file', file }
  const walk = (key: string, value: unknown): Given[] => {
    // A property that is present and undefined is what `{ port: given ? 80 : undefined }` leaves behind: not given.
    if (value === undefined) return []
    if (!isSection(key) || !isPlainObject(value)) return [{ key, value, source }]
    return Object.entries(value).flatMap(([name, child]) => walk(`${key}.${name}`, child))
  }
  return Object.entries(exported).flatMap(([name, value]) => walk(name, value))
}

/** The environment variables that set something, the more particular name after the general one. */
export function givenByEnvironment(env: Readonly<Record<string, string | undefined>>): Given[] {
  return listSettings().flatMap((setting) =>
    setting.env.flatMap((name) => {
      const text = env[name]
      // `PORT= pando up` is how a variable is taken back in a shell.
      if (text === undefined || text === '') return []
      return [
        { key: setting.key, value: fromText(text, setting), source: { kind: 'environment', name } as const },
      ]
    }),
  )
}

/** @see FlagValue */
export function givenByFlags(flags: readonly FlagValue[]): Given[] {
  const settings = new Map(listSettings().map((setting) => [setting.key, setting]))
  return flags
    .filter(({ value }) => value !== undefined)
    .map(({ flag, key, value }) => {
      const setting = settings.get(key)
      const read = typeof value === 'string' && setting !== undefined ? fromText(value, setting) : value
      return { key, value: read, source: { kind: 'flag', name: flag } }
    })
}

/** One value a key, the last given one, in the order in which the keys first appear. */
export function lastOf(given: readonly Given[]): readonly Given[] {
  return [...new Map(given.map((value) => [value.key, value])).values()]
}

/** `web.port` and its value as `{ web: { port } }`, for the schema. */
export function nested(given: readonly Given[]): Record<string, unknown> {
  const root: Record<string, unknown> = {}
  for (const { key, value } of given) {
    const path = key.split('.')
    let at = root
    for (const name of path.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>
    at[path.at(-1)!] = value
  }
  return root
}

/** Whether settings live below `key`: `web`. */
export function isSection(key: string): boolean {
  return listSettings().some((setting) => setting.key.startsWith(`${key}.`))
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Text as the setting wants it; text that does not fit stays text, so that the message can show what was typed. */
function fromText(text: string, { kinds }: Setting): unknown {
  const trimmed = text.trim()
  if (kinds.includes('number') && /^[+-]?\d+(\.\d+)?$/.test(trimmed)) return Number(trimmed)
  if (kinds.includes('boolean') && /^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true'
  if (kinds.includes('list')) return trimmed.split(',').map((part) => part.trim())
  return trimmed
}
