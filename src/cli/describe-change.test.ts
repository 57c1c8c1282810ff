import pc from 'picocolors'
import { describe, expect, test } from 'vitest'
import type { MemberChange } from '../topology/change.ts'
import { describeMembers, summaryOf } from './describe-change.ts'
import { figuresOf } from './follow-change.ts'

const plain = pc.createColors(false)
const changed = (member: string, change: MemberChange['change'], ...reasons: string[]): MemberChange => ({
  member,
  change,
  reasons,
})

describe('a change for a person', () => {
  test('has a line for members that change alike and for the same reasons', () => {
    const members = [
      changed('balancer-1', 'reload', 'balancer.algorithm "leastconn" → "roundrobin"'),
      changed('web-1', 'replace', 'new application code'),
      changed('web-2', 'replace', 'new application code'),
      changed('web-3', 'add'),
      changed('web-4', 'remove'),
    ]

    expect(describeMembers(members, plain)).toEqual([
      '~ balancer-1 reloads: balancer.algorithm "leastconn" → "roundrobin"',
      '~ web-1, web-2 are replaced: new application code',
      '+ web-3 is added',
      '- web-4 is removed',
    ])
  })

  test('names the first and the last of many members, and the first four of many reasons', () => {
    const members = [1, 2, 3, 4, 5, 6].map((number) =>
      changed(`web-${number}`, 'replace', 'a', 'b', 'c', 'd', 'e', 'f'),
    )

    expect(describeMembers(members, plain)).toEqual([
      '~ web-1 … web-6 (6) are replaced: a, b, c, d and 2 more',
    ])
  })

  test('is summed up by tier', () => {
    const members = [
      changed('balancer-1', 'reload'),
      changed('balancer-2', 'reload'),
      changed('web-1', 'replace'),
      changed('web-2', 'add'),
      changed('web-3', 'add'),
    ]

    expect(summaryOf(members)).toBe(
      '2 balancer processes reloaded, 1 web server replaced, 2 web servers added',
    )
  })

  test('says how many requests it met where they are counted, and nothing where they are not', () => {
    expect(figuresOf({ requests: 4210, failedRequests: 0 })).toBe('4,210 requests meanwhile, 0 failed')
    expect(figuresOf({ requests: 1, failedRequests: 1 })).toBe('1 request meanwhile, 1 failed')
    expect(figuresOf({ requests: undefined, failedRequests: undefined })).toBe('')
  })
})
