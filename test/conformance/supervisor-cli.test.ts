import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { renderCliReference } from '../../src/cli/reference.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

describe('the pando command', () => {
  test('the reference page is what --help says', async () => {
    expect(readFileSync(join(root, 'docs/reference/cli.md'), 'utf8')).toBe(await renderCliReference())
  })

  test('a checkout that is not built says how to build it', () => {
    const dir = mkdtempSync(join(tmpdir(), 'pando-bin-'))
    cpSync(join(root, 'bin'), join(dir, 'bin'), { recursive: true })
    cpSync(join(root, 'package.json'), join(dir, 'package.json'))

    const { status, stderr } = spawnSync(process.execPath, [join(dir, 'bin/pando.js'), 'up'], {
      encoding: 'utf8',
    })
    rmSync(dir, { recursive: true })

    expect(status).toBe(2)
    expect(stderr).toContain('npm run build')
  })

  test('the start script has no syntax that an old Node.js does not read', () => {
    const source = readFileSync(join(root, 'bin/pando.js'), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '')

    expect(source).not.toMatch(/\?\?|\?\.|=>|\bconst\b|\blet\b|\bawait\b|node:/)
    expect(() => execFileSync(process.execPath, ['--check', join(root, 'bin/pando.js')])).not.toThrow()
  })
})
