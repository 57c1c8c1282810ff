// The watchdog as a process of its own: `node watchdog-main DATA_DIR [WANTED_FILE]`. With the file it begins what the
// file wants (`up --detach`); without, it takes the place of a watchdog that was killed. Exit status 0: a stop is
// complete; 75: another watchdog or supervisor runs.

import { rmSync } from 'node:fs'
import { systemClock } from '../base/clock.ts'
import { createLogger } from '../base/log.ts'
import { acquireLock } from './lock.ts'
import { readJson, realInstallation, writeWanted, type Wanted } from './records.ts'
import { EXIT_LOCKED } from './spawn-role.ts'
import { isSupervised, watch, type StopWish } from './watchdog.ts'

const installation = realInstallation(process.argv[2]!)
const wantedFile = process.argv[3]
const log = createLogger({ format: 'text', write: (line) => void process.stdout.write(`${line}\n`) })

const wanted = wantedFile === undefined ? undefined : (readJson(wantedFile) as Wanted | undefined)
if (wantedFile !== undefined) rmSync(wantedFile, { force: true })
const lock = await acquireLock(installation, 'watchdog')
if (lock === undefined || (wantedFile !== undefined && isSupervised(installation))) process.exit(EXIT_LOCKED)
if (wanted !== undefined) writeWanted(installation, wanted)

let wish: StopWish = 'none'
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    wish = 'clean'
  })
process.on('SIGHUP', () => {})
await watch({ installation, clock: systemClock, log, stopWish: () => wish })
await lock.release()
process.exit(0)
