import { describe, expect, test } from 'vitest'
import { seededRandom } from '../base/random.ts'
import { chooseByPercent, requestOf } from './choice.ts'
import { lastWrites, type WriteRecord } from './acknowledged.ts'
import { defineMix, type LoadRequest, type Mix } from './mix.ts'
import { problemsOfMix, variablesOf } from './mix-file.ts'

const get = (path: string): LoadRequest => ({ method: 'GET', path })
const mix: Mix = defineMix({
  name: 'test',
  about: 'Reads and writes.',
  variables: {
    size: { default: 'M', about: 'Size.', values: ['S', 'M'] },
    users: { default: '5', about: 'Users.' },
  },
  prepare: () => Promise.resolve(undefined),
  calls: {
    read: { percent: 90, request: () => get('/') },
    make: { percent: 8, request: () => get('/make') },
    remove: { percent: 2, request: () => undefined, otherwise: 'make' },
  },
})
const withCalls = (calls: Record<string, unknown>): unknown => ({ ...mix, calls })

describe('a mix', () => {
  test('that is complete has no problems', () => {
    expect(problemsOfMix(mix)).toEqual([])
  })

  test('is refused with every problem at once and the nearest names', () => {
    const problems = problemsOfMix({
      name: 'test',
      prepared: () => {},
      prepare: () => {},
      about: '',
      calls: {
        read: { percentage: 50, request: () => get('/') },
        make: { percent: 120, request: () => get('/') },
        remove: { percent: 2, request: '/', otherwise: 'mak' },
      },
    })

    expect(problems).toEqual([
      'prepared is not a known field; did you mean prepare?',
      'about is missing: expected a text',
      'calls["read"].percentage is not a known field; did you mean percent?',
      'calls["read"].percent is undefined: expected 0 to 100',
      'calls["make"].percent is 120: expected 0 to 100',
      'calls["remove"].request is missing: expected a function',
      'calls["remove"].otherwise is "mak", which is not a call; did you mean make?',
      'the shares of the calls add up to 2 per cent, not 100',
    ])
  })

  test('may be a rounded table, a tenth of a per cent from 100', () => {
    const shares = (a: number, b: number): unknown =>
      withCalls({ a: { percent: a, request: () => get('/') }, b: { percent: b, request: () => get('/') } })

    expect(problemsOfMix(shares(60.05, 40.04))).toEqual([])
    expect(problemsOfMix(shares(60.2, 40))).toEqual([
      'the shares of the calls add up to 100.2 per cent, not 100',
    ])
  })

  test('that is no object is refused', () => {
    expect(problemsOfMix(undefined)).toHaveLength(1)
  })

  test('is drawn from with the shares it names', () => {
    const random = seededRandom('shares')
    const choose = chooseByPercent(mix)
    const drawn = Array.from({ length: 50_000 }, () => choose(random))

    expect(drawn.filter((name) => name === 'remove').length / 50_000).toBeCloseTo(0.02, 2)
    expect(drawn.filter((name) => name === 'make').length / 50_000).toBeCloseTo(0.08, 2)
  })

  test('makes the call named otherwise when there is nothing to act on', () => {
    expect(requestOf(mix, 'remove', undefined, seededRandom('1'))).toEqual({
      call: 'make',
      request: get('/make'),
    })
  })
})

describe('--var', () => {
  test('replaces the default of its variable', () => {
    expect(variablesOf(mix, ['size=S'])).toEqual({ size: 'S', users: '5' })
  })

  test.each([
    ['szie=S', 'LOAD_VARIABLE_UNKNOWN', 'did you mean size?'],
    ['size', 'LOAD_OPTION_INVALID', 'NAME=VALUE'],
    ['size=XXL', 'LOAD_OPTION_INVALID', 'S, M'],
  ])('refuses %s', (given, code, message) => {
    expect(() => variablesOf(mix, [given])).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    )
  })
})

describe('the record of acknowledged writes', () => {
  const record = (key: string, outcome: WriteRecord['outcome'], value: number): WriteRecord => ({
    at: '2026-01-01T00:00:00.000Z',
    call: 'make',
    outcome,
    write: { key, value },
  })

  test('counts the last write of each thing', () => {
    const last = lastWrites([
      record('a', 'acknowledged', 1),
      record('b', 'acknowledged', 2),
      record('a', 'acknowledged', 3),
    ])

    expect(last.map(({ write }) => write)).toEqual([
      { key: 'a', value: 3 },
      { key: 'b', value: 2 },
    ])
  })

  test('leaves out a thing whose last write got no answer', () => {
    expect(lastWrites([record('a', 'acknowledged', 1), record('a', 'unknown', 2)])).toEqual([])
  })
})
