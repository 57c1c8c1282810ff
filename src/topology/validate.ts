// Judges the gathered values. Finds every problem before it fails: unknown keys with the nearest known name, keys and
// stages of later versions by name, and values outside their range with where they came from. Pure.

import { basename } from 'node:path'
import type { z } from 'zod'
import { PlatformError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { TopologyProblem } from '../base/catalogue/topology.ts'
import { isSection, lastOf, nested, type Given } from './gather.ts'
import { topologySchema, type Topology } from './schema.ts'
import { environmentName, listSettings } from './settings.ts'
import { describeSource, showValue, type ValueSource } from './source.ts'
import { findPlanned, findStage, PLANNED_KEYS, PRESETS, STAGES, type PlannedKey } from './stages.ts'

export interface ValidTopology {
  readonly topology: Topology
  /** Source of every setting by its key; `default` for those that nobody gave. */
  readonly sources: ReadonlyMap<string, ValueSource>
}

/**
 * The topology of the given values, a later one before an earlier one of the same key. `file` is for the messages.
 * @throws TOPOLOGY_NOT_YET when all that is wrong with them is that this version is too small
 * @throws TOPOLOGY_INVALID with every problem, those too
 */
export function validate(given: readonly Given[], file?: string): ValidTopology {
  const values = lastOf([...presetsOf(given), ...given])
  const known = new Map(listSettings().map((setting) => [setting.key, setting]))
  const notYet = values.flatMap(notYetProblems)
  const unknown = values.flatMap((value) => (known.has(value.key) ? [] : unknownProblems(value)))

  const settings = values.filter(
    ({ key }) => known.has(key) && !notYet.some((problem) => problem.key === key),
  )
  const parsed = topologySchema.safeParse(nested(settings))
  const wrong = parsed.success ? [] : parsed.error.issues.flatMap((issue) => wrongProblems(issue, settings))

  const invalid = [...unknown, ...wrong]
  // A file that has nothing to do with it would be looked at in vain.
  const isOfFile = [...invalid, ...notYet].some(({ source }) => source === basename(file ?? ''))
  const at = file === undefined || !isOfFile ? {} : { file }
  if (invalid.length > 0)
    throw new PlatformError('TOPOLOGY_INVALID', { problems: [...invalid, ...notYet], ...at })
  if (notYet.length > 0) throw new PlatformError('TOPOLOGY_NOT_YET', { problems: notYet, ...at })

  const sources = new Map(settings.map(({ key, source }) => [key, source]))
  return {
    topology: parsed.data!,
    sources: new Map([...known.keys()].map((key) => [key, sources.get(key) ?? { kind: 'default' }])),
  }
}

/** What the stage that is named changes of the defaults: whoever gives a value knows better. */
function presetsOf(given: readonly Given[]): readonly Given[] {
  const stage = given.findLast(({ key }) => key === 'stage')?.value
  const presets = findStage(String(stage)) === undefined ? {} : (PRESETS[stage as keyof typeof PRESETS] ?? {})
  const source: ValueSource = { kind: 'stage', stage: String(stage) }
  // How many servers there are is then said already.
  const isAutoscaled = given.some(({ key }) => key.startsWith('web.autoscale.'))
  const left = Object.entries(presets).filter(([key]) => !(isAutoscaled && key === 'web.servers'))
  return left.map(([key, value]) => ({ key, value, source }))
}

function notYetProblems({ key, value, source }: Given): TopologyProblem[] {
  const at = { key, value: showValue(value, false), source: describeSource(source) }
  if (key === 'stage') {
    const stage = findStage(String(value))
    if (stage === undefined || stage.available) return []
    return [
      {
        ...at,
        problem: `not yet in this version; it will add ${stage.adds}. What works now: ${worksNow()}.`,
      },
    ]
  }
  const planned = findPlanned(key)
  if (planned === undefined || !isLater(planned, key, value)) return []
  const problem = `not yet in this version; it comes with stage "${planned.stage}". ${planned.now}`
  return [{ ...at, problem }]
}

function isLater(planned: PlannedKey, key: string, value: unknown): boolean {
  const exists = listSettings().some((setting) => setting.key === key)
  return exists ? (planned.later?.includes(value) ?? false) : planned.accepted !== value
}

function worksNow(): string {
  const available = STAGES.filter((stage) => stage.available)
  return available.map(({ name, adds }) => `"${name}" (${adds})`).join(', ')
}

function unknownProblems({ key, value, source }: Given): TopologyProblem[] {
  if (findPlanned(key) !== undefined) return []
  if (isSection(key)) {
    const settings = listSettings().filter((setting) => setting.key.startsWith(`${key}.`))
    const problem = `expected an object of settings such as { ${settings[0]?.key.split('.').at(-1)}: … }`
    return [{ key, value: showValue(value, false), source: describeSource(source), problem }]
  }
  const where = source.kind === 'environment' ? 'the environment' : describeSource(source)
  return [{ key, source: where, problem: `unknown setting${suggestion(key, source)}` }]
}

function suggestion(key: string, source: ValueSource): string {
  const keys = [...listSettings().map((setting) => setting.key), ...Object.keys(PLANNED_KEYS)]
  const near = source.kind === 'environment' ? nearest(key, keys.map(environmentName)) : nearestKey(key, keys)
  return near === undefined ? '' : `; did you mean ${near}?`
}

function nearestKey(key: string, keys: readonly string[]): string | undefined {
  if (key.includes('.')) return nearest(key, keys)
  // A setting written without its tier is the commonest slip: `port` and even `prot` mean web.port.
  const names = keys.map((known) => known.split('.').at(-1)!)
  const tiers = keys.map((known) => known.split('.', 1)[0]!)
  const near = nearest(key, [...tiers, ...names])
  return near === undefined || tiers.includes(near) ? near : keys[names.indexOf(near)]
}

function wrongProblems(issue: z.core.$ZodIssue, given: readonly Given[]): TopologyProblem[] {
  const path = issue.path.join('.')
  const settings = listSettings().filter(({ key }) => path === key || path.startsWith(`${key}.`))
  const setting = settings[0]
  const found = given.find(({ key }) => key === (setting?.key ?? path))
  // A rule that a schema states in its own words says more than the range of the value.
  const ownWords = issue.code === 'custom' || issue.message.startsWith('expected ')
  return [
    {
      key: path === '' ? 'topology' : path,
      ...(found === undefined ? {} : { value: showValue(valueAt(found, path), setting?.secret ?? false) }),
      source: describeSource(found?.source ?? { kind: 'default' }),
      problem:
        (ownWords ? issue.message : `expected ${setting?.accepts ?? issue.message}`) +
        (setting?.key === 'stage' ? stageHint(found?.value) : ''),
    },
  ]
}

/** The part that the issue is about: of `web.env.1` the second name. */
function valueAt({ key, value }: Given, path: string): unknown {
  const names = path.slice(key.length).split('.').filter(Boolean)
  return names.reduce<unknown>((at, name) => (at as Readonly<Record<string, unknown>> | null)?.[name], value)
}

/** Beside the stages that this version has: which one was meant, and which come later. */
function stageHint(value: unknown): string {
  const names = STAGES.map(({ name }) => name)
  const near = typeof value === 'string' ? nearest(value, names) : undefined
  const later = STAGES.filter(({ available }) => !available).map(({ name }) => name)
  if (near === undefined) return `; not yet in this version: ${later.join(', ')}`
  return findStage(near)!.available ? `; did you mean "${near}"?` : `; "${near}" is not yet in this version`
}
