import { describe, expect, test } from 'vitest'
import { reportConfig } from './report.ts'
import { topologySchema } from './schema.ts'
import { environmentName, listSettings } from './settings.ts'
import { inWords, showValue } from './source.ts'
import { findPlanned, PLANNED_KEYS, STAGES } from './stages.ts'

describe('the settings', () => {
  test('a setting has a description, a range and a variable of its own', () => {
    const settings = listSettings()
    const variables = settings.flatMap(({ env }) => env)

    expect(settings.filter(({ description }) => description.length < 10)).toEqual([])
    expect(settings.filter(({ accepts }) => accepts === 'an object')).toEqual([])
    expect(new Set(variables).size).toBe(variables.length)
  })

  test('a number has a least and a greatest value', () => {
    const numbers = listSettings().filter(({ kinds }) => kinds.includes('number'))

    expect(numbers.filter(({ accepts }) => !/from [\d.]+ to [\d.]+/.test(accepts))).toEqual([])
  })

  test('a default is what an empty topology has', () => {
    const topology = topologySchema.parse({}) as unknown as Record<string, Record<string, unknown>>
    // What is below a block that is there only when it is asked for has no value without it.
    const settings = listSettings().filter(({ key }) => key.split('.').length === 2)

    const parsed = settings.map(({ key }) => [key, topology[key.split('.')[0]!]![key.split('.')[1]!]])

    expect(parsed).toEqual(settings.map((setting) => [setting.key, setting.default]))
  })

  test('a default below a block that is asked for is what the block then has', () => {
    const { web } = topologySchema.parse({ web: { autoscale: { min: 2, max: 6 } } })
    const defaults = listSettings()
      .filter(({ key, default: value }) => key.startsWith('web.autoscale.') && value !== undefined)
      .map((setting) => [setting.key.split('.').at(-1), setting.default])

    expect(web.autoscale).toEqual({ min: 2, max: 6, ...Object.fromEntries(defaults) })
  })

  test('a variable has the name of its key', () => {
    expect(environmentName('web.keepAliveMs')).toBe('PANDO_WEB_KEEP_ALIVE_MS')
    expect(environmentName('stage')).toBe('PANDO_STAGE')
  })

  test('a planned key belongs to a stage of a later version', () => {
    const later = STAGES.filter(({ available }) => !available).map(({ name }) => name)

    expect(later).toEqual(expect.arrayContaining(Object.values(PLANNED_KEYS).map(({ stage }) => stage)))
    expect(findPlanned('cache.nodes')?.key).toBe('cache')
    expect(findPlanned('web.colour')).toBeUndefined()
  })
})

describe('the report of the values in force', () => {
  test('has every setting with its value and source', () => {
    const topology = topologySchema.parse({ web: { port: 81 } })
    const sources = new Map([['web.port', { kind: 'environment', name: 'PORT' } as const]])

    const entries = reportConfig({ topology, sources })

    expect(entries.map(({ key }) => key)).toEqual(listSettings().map(({ key }) => key))
    expect(entries.find(({ key }) => key === 'web.port')).toMatchObject({
      value: 81,
      shown: '81',
      source: 'PORT',
    })
    expect(entries.find(({ key }) => key === 'web.host')).toMatchObject({ source: 'default' })
    expect(entries.find(({ key }) => key === 'database.maxConnections')).toMatchObject({
      value: null,
      shown: 'none',
    })
  })
})

describe('a value in a message', () => {
  test('is *** when it is secret', () => {
    expect(showValue('hunter2', true)).toBe('***')
  })

  test('is cut after 80 characters', () => {
    expect(showValue('x'.repeat(1_000), false)).toHaveLength(80)
  })

  test('can be anything a file may export', () => {
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle

    expect(showValue(cycle, false)).toBe('[object Object]')
    expect(showValue(7n, false)).toBe('[object BigInt]')
    expect(showValue(() => 1, false)).toMatch(/=>/)
  })

  test('is said once more in a larger unit that fits evenly', () => {
    expect(inWords('web.bodyMaxBytes', 10_485_760)).toBe(' (10 MiB)')
    expect(inWords('web.drainMs', 10_000)).toBe(' (10 s)')
    expect(inWords('web.drainMs', 10_001)).toBe('')
    expect(inWords('web.port', 3_000)).toBe('')
  })
})
