// The documentation is held to the code: links lead somewhere, references are generated, and what README promises in
// commands exists.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { renderErrorReference } from '../scripts/error-reference.ts'
import { repositoryFiles, root } from './support/repository.ts'

const pages = repositoryFiles((path) => path.endsWith('.md'))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('the documentation', () => {
  test('a link to a file leads to a file', () => {
    const broken = pages.flatMap((page) =>
      [...read(page).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)]
        .map((match) => match[1]!)
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    )
    expect(broken).toEqual([])
  })

  test('the error reference is what the catalogue says', () => {
    expect(read('docs/reference/errors.md')).toBe(renderErrorReference())
  })

  test('README names the two commands, and the package has them', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }

    expect(read('README.md')).toContain('npm start')
    expect(read('README.md')).toContain('npm test')
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test', 'seed', 'bench']))
  })

  test('a glossary entry has a sentence and a source', () => {
    const rows = read('docs/glossary.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| term') && !line.startsWith('| ---'))
    const cells = rows.map((row) =>
      row
        .split('|')
        .map((cell) => cell.trim())
        .slice(1, -1),
    )

    expect(rows.length).toBeGreaterThan(0)
    expect(cells.filter(([term, meaning, source]) => !term || !meaning?.endsWith('.') || !source)).toEqual([])
  })

  test('the changelog has an entry for what is not released yet', () => {
    expect(read('CHANGELOG.md')).toMatch(/## Unreleased\n[\s\S]*?\n- /)
  })
})
