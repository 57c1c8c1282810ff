// The digest by which `pando apply` knows that an application's files have changed, on a real disk.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { releaseOf } from '../../src/app/release.ts'

let dir: string
let app: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pando-release-'))
  app = join(dir, 'app')
  write('app.ts', 'export default 1\n')
  write('pages/home.ts', 'export const home = 1\n')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function write(name: string, content: string): void {
  const path = join(app, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
}

const release = (): string => releaseOf(app, join(app, 'data'))

describe('the release of an application', () => {
  test('is the same for the same files, also in another directory', () => {
    cpSync(app, join(dir, 'copy'), { recursive: true })

    expect(release()).toMatch(/^[0-9a-f]{16}$/)
    expect(release()).toBe(release())
    expect(releaseOf(join(dir, 'copy'), join(dir, 'data'))).toBe(release())
  })

  test.each([
    ['a file is edited', () => write('pages/home.ts', 'export const home = 2\n')],
    ['a file is added', () => write('migrations/0002_more.sql', 'select 1\n')],
    ['a file is taken away', () => rmSync(join(app, 'pages'), { recursive: true })],
    ['a lock file above is edited', () => writeFileSync(join(dir, 'package-lock.json'), '{}')],
    ['a package.json above is edited', () => writeFileSync(join(dir, 'package.json'), '{}')],
  ])('is another one when %s', (_, edit) => {
    const before = release()

    edit()

    expect(release()).not.toBe(before)
  })

  test('is another one when the file behind a link is edited', () => {
    writeFileSync(join(dir, 'shared.ts'), '1')
    symlinkSync(join(dir, 'shared.ts'), join(app, 'shared.ts'))
    const before = release()

    writeFileSync(join(dir, 'shared.ts'), '2')

    expect(release()).not.toBe(before)
  })

  test('does not look at installed packages, hidden names and the data directory', () => {
    const before = release()

    for (const name of ['node_modules/x/index.js', '.git/HEAD', '.env', 'data/run/x.json']) write(name, 'x')

    expect(release()).toBe(before)
  })

  test('survives links that lead nowhere or in a circle', () => {
    symlinkSync('nowhere', join(app, 'broken'))
    symlinkSync('.', join(app, 'circle'))

    expect(release()).toMatch(/^[0-9a-f]{16}$/)
  })

  test('goes by size and time of change where files are too large to read', () => {
    const bounds = { fileBytes: 4, totalBytes: 1_000, files: 100 }
    const timed = (content: string, seconds: number): string => {
      write('film.mp4', content)
      utimesSync(join(app, 'film.mp4'), seconds, seconds)
      return releaseOf(app, join(app, 'data'), bounds)
    }
    const before = timed('aaaaaaaa', 1_000)

    expect(timed('bbbbbbbb', 1_000)).toBe(before)
    expect(timed('bbbbbbbb', 2_000)).not.toBe(before)
    expect(timed('bbbbbbbbb', 1_000)).not.toBe(before)
  })

  test('of more files than can be looked at is another one each time', () => {
    const bounds = { fileBytes: 1_000, totalBytes: 1_000, files: 1 }

    expect(releaseOf(app, join(app, 'data'), bounds)).not.toBe(releaseOf(app, join(app, 'data'), bounds))
  })
})
