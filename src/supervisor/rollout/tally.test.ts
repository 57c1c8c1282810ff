import { expect, test } from 'vitest'
import { count } from './tally.ts'

const report = (counting: string, requests: number, failed: number) => ({ counting, requests, failed })

test('what was counted before the first report is not counted', () => {
  expect(count(undefined, report('a', 1_000, 7))).toMatchObject({ sumRequests: 0, sumFailed: 0 })
})

test('counters that go on add their difference, and those that began again add themselves', () => {
  const reports = [report('a', 100, 1), report('a', 130, 2), report('b', 20, 0), report('b', 25, 1)]

  const counted = reports.reduce<ReturnType<typeof count> | undefined>(count, undefined)

  expect(counted).toMatchObject({ sumRequests: 55, sumFailed: 2, counting: 'b' })
})
