// The supervisor as a process of its own: `node supervisor-main DATA_DIR`, started by a watchdog. Its output is
// logs/supervisor.log. Exit status 0: a stop is complete; 75: another supervisor runs; other: the watchdog starts it
// again.

import { systemClock } from '../base/clock.ts'
import { createLogger } from '../base/log.ts'
import { identify } from '../base/process.ts'
import { acquireLock } from './lock.ts'
import { realInstallation, removeRole, writeRole } from './records.ts'
import { EXIT_LOCKED } from './spawn-role.ts'
import { Supervisor } from './supervisor.ts'
import { watchdogKeeper } from './watchdog-keeper.ts'

const installation = realInstallation(process.argv[2]!)
const log = createLogger({ format: 'text', write: (line) => void process.stdout.write(`${line}\n`) })

const lock = await acquireLock(installation, 'supervisor')
if (lock === undefined) process.exit(EXIT_LOCKED)

writeRole(installation, 'supervisor', identify(process.pid)!)
const supervisor = new Supervisor({
  installation,
  clock: systemClock,
  log,
  keepWatchdog: watchdogKeeper(installation, systemClock, log),
})
process.on('SIGTERM', () => supervisor.stop(false))
process.on('SIGINT', () => supervisor.stop(false))
process.on('SIGHUP', () => {})
await supervisor.run()
removeRole(installation, 'supervisor')
await lock.release()
process.exit(0)
