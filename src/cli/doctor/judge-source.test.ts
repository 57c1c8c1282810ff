import { describe, expect, test } from 'vitest'
import type { Finding } from '../../inspect/inspect.ts'
import { topologySchema, type Topology, type TopologyInput } from '../../topology/schema.ts'
import { judgeSource, serversOf, type SourceReport } from './judge-source.ts'

const topology = (input: TopologyInput): Topology => topologySchema.parse(input)

const finding: Finding = {
  rule: 'module-state',
  file: 'app.ts',
  line: 1,
  column: 5,
  found: '`n` is changed',
  remedy: 'Keep it in the database.',
  changedAt: undefined,
  isScratch: false,
}
const clean: SourceReport = { files: 3, findings: [], accepted: [], unread: [], leftOut: 0 }

describe('the servers of a topology', () => {
  test.each<[string, TopologyInput, string]>([
    ['nothing is set', {}, 'one'],
    ['several web servers are set', { web: { servers: 3 } }, 'several'],
    ['a balancer stands in front', { stage: 'balanced' }, 'several'],
    ['they share a port', { web: { servers: 2 }, balancer: { driver: 'embedded' } }, 'several'],
    ['a visitor stays on one', { web: { servers: 3 }, balancer: { sticky: 'cookie' } }, 'sticky'],
  ])('when %s', (_what, input, expected) => {
    expect(serversOf(topology(input))).toBe(expected)
  })

  test('are taken for one when the topology cannot be read', () => {
    expect(serversOf(undefined)).toBe('one')
  })
})

describe('source with a finding', () => {
  const report = { ...clean, findings: [finding] }

  test('is warned of with one server, and with sticky sessions', () => {
    expect(judgeSource(report, 'one')).toMatchObject({
      state: 'warn',
      fix: expect.stringContaining('per-process'),
    })
    expect(judgeSource(report, 'sticky')).toMatchObject({
      state: 'warn',
      found: expect.stringContaining('sticky'),
    })
  })

  test('fails with several, and the way to win time is named', () => {
    expect(judgeSource(report, 'several')).toMatchObject({
      state: 'fail',
      fix: expect.stringContaining('balancer.sticky'),
    })
  })
})

describe('source without one', () => {
  test('is good, and what was accepted is counted', () => {
    expect(judgeSource({ ...clean, accepted: [{ ...finding, reason: 'ids' }] }, 'several')).toMatchObject({
      state: 'ok',
      found: expect.stringContaining('1 accepted'),
    })
  })

  test('is good with scratch files', () => {
    expect(judgeSource({ ...clean, findings: [{ ...finding, isScratch: true }] }, 'several').state).toBe('ok')
  })

  test('is warned of when a part of it could not be read', () => {
    expect(judgeSource({ ...clean, unread: [{ path: 'a.ts', problem: '1:1' }] }, 'several').state).toBe(
      'warn',
    )
    expect(judgeSource({ ...clean, leftOut: 7 }, 'several')).toMatchObject({
      state: 'warn',
      found: expect.stringContaining('7'),
    })
  })
})
