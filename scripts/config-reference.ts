// docs/reference/config.md from the settings: `node scripts/config-reference.ts` writes it, a test compares it.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderConfigReference } from '../src/topology/reference.ts'

writeFileSync(join(import.meta.dirname, '..', 'docs', 'reference', 'config.md'), renderConfigReference())
