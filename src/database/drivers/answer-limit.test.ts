import { describe, expect, test } from 'vitest'
import { ANSWER_MARGIN_MS, AnswerLimit, SWEEP_MS, type Ask } from './answer-limit.ts'

/** Sweeps until the answer is given up. */
function sweepsUntilOverdue(limit: AnswerLimit): number {
  let sweeps = 1
  while (!limit.isOverdue()) sweeps++
  return sweeps
}

const saying =
  (value: string | undefined): Ask =>
  (_text, done) =>
    done(value)
const nobodyAsks: Ask = () => {
  throw new Error('asked without need')
}

describe('the limit on an answer', () => {
  test('is over when more sweeps have passed than fit into the server limit and the margin', () => {
    const limit = new AnswerLimit(10_000)
    limit.restart()

    expect(sweepsUntilOverdue(limit)).toBe((10_000 + ANSWER_MARGIN_MS) / SWEEP_MS + 1)
  })

  test('begins anew with every answer', () => {
    const limit = new AnswerLimit(1_000)
    limit.isOverdue()

    limit.answered('select 1', false, nobodyAsks)

    expect(sweepsUntilOverdue(limit)).toBe((1_000 + ANSWER_MARGIN_MS) / SWEEP_MS + 1)
  })

  test('follows the server limit that a statement set, and returns to what holds after its transaction', () => {
    const limit = new AnswerLimit(1_000)

    limit.notice("set local statement_timeout = '5min'")
    limit.answered("set local statement_timeout = '5min'", true, saying('300000'))
    expect(limit.ms).toBe(300_000 + ANSWER_MARGIN_MS)
    limit.answered('select 1', true, nobodyAsks)
    limit.answered('commit', false, saying('1000'))
    limit.answered('select 1', false, nobodyAsks)

    expect(limit.ms).toBe(1_000 + ANSWER_MARGIN_MS)
  })

  test('is a day while the server limit is not known, and where the server has none', () => {
    const limit = new AnswerLimit(1_000)

    limit.notice('set statement_timeout = 0')
    const whileUnknownMs = limit.ms
    limit.answered('set statement_timeout = 0', false, saying('0'))

    expect([whileUnknownMs, limit.ms]).toEqual([86_405_000, 86_405_000])
  })
})
