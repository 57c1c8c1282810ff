import { describe, expect, test } from 'vitest'
import { inOrder, timed } from './log-time.ts'

const UNTIL_MS = Date.parse('2026-11-22T10:00:05.000Z')
const timesOf = (lines: readonly string[]): string[] =>
  timed('x', lines, UNTIL_MS).map(({ atMs }) => new Date(atMs).toISOString())

describe('a line of a log', () => {
  test.each([
    ['our own', '{"time":"2026-11-22T10:00:00.123Z","level":"info"}', '2026-11-22T10:00:00.123Z'],
    ["PostgreSQL's", '2026-11-22 10:00:00.123 UTC [17] LOG:  ready', '2026-11-22T10:00:00.123Z'],
    ['one with an offset', '2026-11-22T12:00:00+02:00 hello', '2026-11-22T10:00:00.000Z'],
    ["the supervisor's", '10:00:00.123 info  started', '2026-11-22T10:00:00.123Z'],
    ["the supervisor's of the day before", '23:59:59.000 info  started', '2026-11-21T23:59:59.000Z'],
  ])('has the time that is in it: %s', (_, line, expected) => {
    expect(timesOf([line])).toEqual([expected])
  })

  test('may be a moment later than the file that holds it', () => {
    expect(timesOf(['10:00:05.003 info on'])).toEqual(['2026-11-22T10:00:05.003Z'])
  })

  test('without a time was written with the line before it', () => {
    expect(timesOf(['before', '10:00:01.000 error failed', '    at stack', '10:00:02.000 info on'])).toEqual([
      '2026-11-22T10:00:01.000Z',
      '2026-11-22T10:00:01.000Z',
      '2026-11-22T10:00:01.000Z',
      '2026-11-22T10:00:02.000Z',
    ])
  })

  test('of a log without any time was written when the log was', () => {
    expect(timesOf(['hello'])).toEqual(['2026-11-22T10:00:05.000Z'])
  })

  test('goes across midnight', () => {
    const lines = ['23:59:58.000 info a', '00:00:01.000 info b', '10:00:00.000 info c']

    expect(timesOf(lines)).toEqual([
      '2026-11-21T23:59:58.000Z',
      '2026-11-22T00:00:01.000Z',
      '2026-11-22T10:00:00.000Z',
    ])
  })
})

describe('lines of several logs', () => {
  test('are shown in the order of their times, each log in its own order', () => {
    const web = timed('web-1', ['10:00:01.000 a', 'rest of a', '10:00:04.000 c'], UNTIL_MS)
    const database = timed('database', ['10:00:02.000 b', '10:00:04.000 d'], UNTIL_MS)

    expect(inOrder([web, [], database]).map(({ name, line }) => `${name} ${line.slice(-1)}`)).toEqual([
      'web-1 a',
      'web-1 a',
      'database b',
      'web-1 c',
      'database d',
    ])
  })
})
