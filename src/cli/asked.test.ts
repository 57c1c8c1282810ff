import { describe, expect, test } from 'vitest'
import { askedBy, asStarted, toLoad } from './asked.ts'

const before = { stage: 'balanced', port: '8080', topology: 'large.ts' }

describe('what a command line asks', () => {
  test('stands before what the start asked, which holds where it is silent', () => {
    expect(askedBy({ port: '9090' }, before)).toEqual({ ...before, port: '9090' })
  })

  test('is nothing when neither says anything', () => {
    expect(askedBy({})).toEqual({})
  })

  test('is a setting with the flag it came from, and a file of the application', () => {
    expect(toLoad('/srv/shop', before)).toEqual({
      file: '/srv/shop/large.ts',
      flags: [
        { flag: '--stage', key: 'stage', value: 'balanced' },
        { flag: '--port', key: 'web.port', value: '8080' },
      ],
    })
  })
})

describe('the line about the start', () => {
  test('names the flags that hold', () => {
    expect(asStarted({}, before)).toBe(
      'as `pando up --stage balanced --topology large.ts --port 8080` was started',
    )
  })

  test('leaves out what this command line replaces', () => {
    expect(asStarted({ stage: 'single', topology: 'small.ts' }, before)).toBe(
      'as `pando up --port 8080` was started',
    )
  })

  test('is not there when nothing holds, or nothing runs', () => {
    expect(asStarted({ port: '1' }, { port: '8080' })).toBeUndefined()
    expect(asStarted({}, undefined)).toBeUndefined()
  })
})
