// Finds, loads and checks a mix file. All problems of a mix are reported together, each with the nearest known name.

import { existsSync, readdirSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeError, PlatformError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { Mix } from './mix.ts'

const MIX_FIELDS = ['name', 'about', 'variables', 'prepare', 'calls', 'readBack']
const CALL_FIELDS = ['percent', 'request', 'otherwise']
/** Published tables are rounded: ours of twenty calls add up to 100.003. */
const PERCENT_TOLERANCE = 0.1

/** @throws LOAD_MIX_NOT_FOUND, LOAD_MIX_UNLOADABLE (syntax, missing import), LOAD_MIX_INVALID (with every problem) */
export async function loadMix(file: string): Promise<Mix> {
  const path = resolve(file)
  if (!existsSync(path)) {
    const dir = dirname(path)
    const near = existsSync(dir) ? nearest(basename(path), readdirSync(dir)) : undefined
    throw new PlatformError('LOAD_MIX_NOT_FOUND', {
      file,
      nearest: near === undefined ? undefined : join(dirname(file), near),
    })
  }
  let exported: { readonly default?: unknown }
  try {
    exported = (await import(pathToFileURL(path).href)) as typeof exported
  } catch (cause) {
    throw new PlatformError('LOAD_MIX_UNLOADABLE', { file, reason: describeError(cause) }, { cause })
  }
  const problems = problemsOfMix(exported.default)
  if (problems.length > 0) throw new PlatformError('LOAD_MIX_INVALID', { file, problems })
  return exported.default as Mix
}

/** Everything that is wrong with a candidate for a mix, one sentence each; empty when it is one. Pure. */
export function problemsOfMix(candidate: unknown): string[] {
  if (!isRecord(candidate)) return ['the default export is not an object made with defineMix({ … })']
  const problems = unknownFields('', candidate, MIX_FIELDS)
  for (const field of ['name', 'about'])
    if (typeof candidate[field] !== 'string' || candidate[field] === '')
      problems.push(`${field} is missing: expected a text`)
  if (typeof candidate['prepare'] !== 'function') problems.push('prepare is missing: expected a function')
  for (const [name, variable] of Object.entries(
    isRecord(candidate['variables']) ? candidate['variables'] : {},
  ))
    if (!isRecord(variable) || typeof variable['default'] !== 'string')
      problems.push(`variables.${name} has no default: expected a text`)
  return isRecord(candidate['calls'])
    ? [...problems, ...problemsOfCalls(candidate['calls'])]
    : [...problems, 'calls is missing: expected an object of calls by name']
}

function problemsOfCalls(calls: Record<string, unknown>): string[] {
  const names = Object.keys(calls)
  const problems: string[] = []
  let sum = 0
  for (const [name, call] of Object.entries(calls)) {
    const at = `calls["${name}"]`
    if (!isRecord(call)) {
      problems.push(`${at} is not an object with percent and request`)
      continue
    }
    problems.push(...unknownFields(`${at}.`, call, CALL_FIELDS))
    const { percent, otherwise } = call
    if (typeof percent !== 'number' || !(percent >= 0 && percent <= 100))
      problems.push(`${at}.percent is ${String(percent)}: expected 0 to 100`)
    else sum += percent
    if (typeof call['request'] !== 'function') problems.push(`${at}.request is missing: expected a function`)
    const target = typeof otherwise === 'string' ? otherwise : JSON.stringify(otherwise)
    if (otherwise !== undefined && !names.includes(target))
      problems.push(`${at}.otherwise is "${target}", which is not a call${hint(target, names)}`)
    if (otherwise === name) problems.push(`${at}.otherwise is the call itself`)
  }
  if (Math.abs(sum - 100) > PERCENT_TOLERANCE)
    problems.push(`the shares of the calls add up to ${Number(sum.toFixed(3))} per cent, not 100`)
  return problems
}

function unknownFields(prefix: string, record: Record<string, unknown>, known: readonly string[]): string[] {
  return Object.keys(record)
    .filter((field) => !known.includes(field))
    .map((field) => `${prefix}${field} is not a known field${hint(field, known)}`)
}

function hint(name: string, known: readonly string[]): string {
  const near = nearest(name, known)
  return near === undefined ? '' : `; did you mean ${near}?`
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * The mix's variables with `given` (`NAME=VALUE` each) over their defaults.
 * @throws LOAD_VARIABLE_UNKNOWN, LOAD_OPTION_INVALID (no `=`, or a value that is not allowed)
 */
export function variablesOf(mix: Mix, given: readonly string[]): Record<string, string> {
  const declared = mix.variables ?? {}
  const known = Object.keys(declared)
  const values = Object.fromEntries(known.map((name) => [name, declared[name]!.default]))
  for (const pair of given) {
    const at = pair.indexOf('=')
    const name = at < 0 ? pair : pair.slice(0, at)
    if (at < 1)
      throw new PlatformError('LOAD_OPTION_INVALID', { option: '--var', value: pair, expected: 'NAME=VALUE' })
    if (!known.includes(name))
      throw new PlatformError('LOAD_VARIABLE_UNKNOWN', { name, nearest: nearest(name, known), known })
    const value = pair.slice(at + 1)
    const allowed = declared[name]!.values
    if (allowed !== undefined && !allowed.includes(value))
      throw new PlatformError('LOAD_OPTION_INVALID', {
        option: `--var ${name}`,
        value,
        expected: allowed.join(', '),
      })
    values[name] = value
  }
  return values
}
