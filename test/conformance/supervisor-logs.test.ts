// Members' logs on a real disk: bounded by rotation, and followed across it.

import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openInstallation, type Installation } from '../../src/base/installation.ts'
import { LogReader } from '../../src/cli/follow-logs.ts'
import { lastLines, logPath, openLog, rotateLog } from '../../src/supervisor/log-file.ts'

let installation: Installation
beforeEach(() => {
  installation = openInstallation(mkdtempSync(join(tmpdir(), 'pando-logs-')))
})
afterEach(() => rmSync(installation.dataDir, { recursive: true }))

describe('a member log', () => {
  test('above its limit it is cut to nothing and its content is kept aside, twice', () => {
    const path = logPath(installation, 'web-1')
    const output = openLog(installation, 'web-1')

    for (const text of ['first\n', 'second\n', 'third\n', 'fourth\n']) {
      writeSync(output, text)
      rotateLog(installation, 'web-1', 3)
    }

    expect(statSync(path).size).toBe(0)
    expect(readFileSync(`${path}.1`, 'utf8')).toBe('fourth\n')
    expect(readFileSync(`${path}.2`, 'utf8')).toBe('third\n')
    expect(existsSync(`${path}.3`)).toBe(false)
  })

  test('its writer goes on at the beginning of the cut file', () => {
    const output = openLog(installation, 'web-1')
    writeSync(output, 'before\n')
    rotateLog(installation, 'web-1', 3)

    writeSync(output, 'after\n')

    expect(readFileSync(logPath(installation, 'web-1'), 'utf8')).toBe('after\n')
  })

  test('its last lines are given, oldest first, and none when there is no log', () => {
    const path = logPath(installation, 'web-1')
    appendFileSync(path, 'one\ntwo\nthree\n')

    expect(lastLines(path, 2)).toEqual(['two', 'three'])
    expect(lastLines(path, 0)).toEqual([])
    expect(lastLines(path, 9, 4)).toEqual(['two', 'three'])
    expect(lastLines(logPath(installation, 'nobody'), 2)).toEqual([])
  })
})

describe('a follower', () => {
  test('gives a line when it is complete, and loses none when the log is rotated between two looks', () => {
    const path = logPath(installation, 'web-1')
    const reader = new LogReader(path, 0)
    const look = (): readonly string[] => reader.read(statSync(path).size)

    appendFileSync(path, 'one\ntw')
    expect(look()).toEqual(['one'])
    appendFileSync(path, 'o\nthree\n')
    rotateLog(installation, 'web-1', 3)
    appendFileSync(path, 'four\n')

    expect(look()).toEqual(['two', 'three', 'four'])
  })
})
