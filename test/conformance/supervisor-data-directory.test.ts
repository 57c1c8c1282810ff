// A data directory that cannot be made or used is said at once.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'

const up = fileURLToPath(new URL('../fault/supervisor/up.ts', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'pando-directory-'))
afterAll(() => rmSync(dir, { recursive: true }))

writeFileSync(join(dir, 'file'), '')
symlinkSync(join(dir, 'nowhere', 'at', 'all'), join(dir, 'dangling'))
mkdirSync(join(dir, 'taken'))
writeFileSync(join(dir, 'taken', 'run'), '')

const UNUSABLE: readonly (readonly [why: string, path: string])[] = [
  ['is a file', join(dir, 'file')],
  ['is below a file', join(dir, 'file', 'a', 'b')],
  ['is a link to nowhere', join(dir, 'dangling')],
  ['has a file where a directory of ours belongs', join(dir, 'taken')],
  ['is where the system has no directories made', '/proc/x/y'],
  ['is where the system has no files written', '/sys/pando'],
]

describe('a data directory', () => {
  test.each(UNUSABLE)('that %s is refused at once, with its name and the reason', (_why, path) => {
    const { status, stderr } = spawnSync(process.execPath, [up, path, '[]'], {
      encoding: 'utf8',
      timeout: 10_000,
      killSignal: 'SIGKILL',
    })

    expect(status).toBe(2)
    expect(stderr).toContain(`The data directory ${path} cannot be used: `)
    expect(stderr).toContain('SUPERVISOR_DATA_DIRECTORY')
  })
})
