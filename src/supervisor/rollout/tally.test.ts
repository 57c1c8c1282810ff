import { expect, test } from 'vitest'
import { count } from './tally.ts'

const report = (counting: string, requests: number, failed: number) => ({ counting, requests, failed })

test('what was counted before the first report is not counted', () => {
  expect(count(undefined, report('a', 1_000, 7))).toMatchObject({ sumRequests: 0, sumFailed: 0 })
})

test('counters that go on add their difference, and those that began again add themselves', () => {
  const reports = [report('a', 100, 1), report('a', 130, 2), report('b', 20, 0), report('b', 25, 1)]

  const counted = reports.reduce<ReturnType<typeof count> | undefined>(count, undefined)

  expect(counted).toMatchObject({ sumRequests: 55, sumFailed: 2 })
})

test('of two that count, one may begin again or be silent without the other', () => {
  const front = (name: string, counting: string, requests: number) => ({
    name,
    counting,
    requests,
    failed: 0,
  })
  const both = (...fronts: readonly ReturnType<typeof front>[]) => ({ ...report('', 0, 0), fronts })
  const reports = [
    both(front('a', '1', 100), front('b', '1', 500)),
    both(front('b', '1', 510)),
    both(front('a', '2', 3), front('b', '1', 512)),
  ]

  const counted = reports.reduce<ReturnType<typeof count> | undefined>(count, undefined)

  expect(counted).toMatchObject({ sumRequests: 15 })
})

test('one that was replaced is counted on beside its successor', () => {
  const front = (counting: string, requests: number, failed: number) => ({
    name: 'a',
    ...report(counting, requests, failed),
  })
  const reports = [
    { ...report('', 0, 0), fronts: [front('1', 100, 3)] },
    { ...report('', 0, 0), fronts: [front('2', 10, 0), front('1', 101, 3)] },
    { ...report('', 0, 0), fronts: [front('2', 15, 0), front('1', 102, 5)] },
    { ...report('', 0, 0), fronts: [front('2', 20, 1)] },
  ]

  const counted = reports.reduce<ReturnType<typeof count> | undefined>(count, undefined)

  expect(counted).toMatchObject({ sumRequests: 22, sumFailed: 3 })
})
