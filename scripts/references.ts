// The generated pages of docs/reference/: `npm run references` writes them, tests compare them.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderCliReference } from '../src/cli/reference.ts'
import { renderConfigReference } from '../src/topology/reference.ts'
import { renderErrorReference } from './error-reference.ts'

const pages = {
  'cli.md': await renderCliReference(),
  'config.md': renderConfigReference(),
  'errors.md': renderErrorReference(),
}
for (const [page, text] of Object.entries(pages))
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'reference', page), text)
