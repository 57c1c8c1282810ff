// `pando up` with a test's plan in place of an application's: `node up.ts DATA_DIR PLAN [--detach]`, where PLAN is JSON.

import { systemClock } from '../../../src/base/clock.ts'
import { bringUp } from '../../../src/cli/launch.ts'
import { printError } from '../../../src/cli/print-error.ts'
import { openTerminal } from '../../../src/cli/terminal.ts'
import type { Plan } from '../../../src/supervisor/records.ts'

const [dataDir = '', plan = '', detach] = process.argv.slice(2)
const terminal = openTerminal()
try {
  process.exitCode = await bringUp(terminal, systemClock, {
    dataDir,
    isDefaultDataDir: false,
    detach: detach === '--detach',
    plan: JSON.parse(plan) as Plan,
  })
} catch (error) {
  process.exitCode = printError(terminal, error, false)
}
