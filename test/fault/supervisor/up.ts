// `pando up` with members of member.ts in place of an application's: `node up.ts DATA_DIR MEMBERS [--detach]`, where
// MEMBERS is JSON: `[{ "name": "store", "mode": "serve", "after": [] }]`.

import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/base/clock.ts'
import { bringUp } from '../../../src/cli/launch.ts'
import { printError } from '../../../src/cli/print-error.ts'
import { openTerminal } from '../../../src/cli/terminal.ts'

const [dataDir = '', members = '[]', detach] = process.argv.slice(2)
const terminal = openTerminal()
try {
  process.exitCode = await bringUp(terminal, systemClock, {
    dataDir,
    isDefaultDataDir: false,
    detach: detach === '--detach',
    plan: {
      stage: 'single',
      appDir: dataDir,
      endpoints: { web: 'http://127.0.0.1:22000' },
      routes: [],
      source: undefined,
      enginesModule: fileURLToPath(new URL('engines.ts', import.meta.url)),
      members: (JSON.parse(members) as { name: string; mode: string; after: string[] }[]).map(
        ({ name, mode, after }) => ({
          name,
          tier: 'test',
          engine: mode,
          after,
          address: `${name}.s`,
          settings: {},
        }),
      ),
    },
  })
} catch (error) {
  process.exitCode = printError(terminal, error, false)
}
