// A reader copies what the documentation shows, so it has to compile: every block marked `ts` in a page of ours, as a
// module of its own, against the package. `test/docs-snippets/given.d.ts` declares what `setup` gives an application.

import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { repositoryFiles, root } from './support/repository.ts'

const dir = join(root, '.cache', 'snippets')

function writeSnippets(): number {
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(dir, { recursive: true })
  cpSync(join(root, 'test', 'docs-snippets', 'given.d.ts'), join(dir, 'given.d.ts'))
  const compilerOptions = { incremental: false, noUnusedLocals: false, noUnusedParameters: false }
  writeFileSync(
    join(dir, 'tsconfig.json'),
    JSON.stringify({ extends: '../../tsconfig.json', compilerOptions, include: ['.'], exclude: [] }),
  )
  const snippets = repositoryFiles((path) => path.endsWith('.md')).flatMap((page) =>
    [...readFileSync(join(root, page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm)].map((match, index) => ({
      file: `${page.slice(0, -3).replaceAll('/', '.')}.${index + 1}.ts`,
      text: match[1]!,
    })),
  )
  for (const { file, text } of snippets) writeFileSync(join(dir, file), `export {}\n${text}`)
  return snippets.length
}

test('every TypeScript block of the documentation compiles', { timeout: 60_000 }, async () => {
  expect(writeSnippets()).toBeGreaterThan(10)

  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = await promisify(execFile)(process.execPath, [tsc, '-p', dir]).catch(
    (error: unknown) => error as { stdout: string },
  )

  expect(stdout).toBe('')
})
