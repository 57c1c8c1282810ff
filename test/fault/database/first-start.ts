// A process that starts the embedded server in the data directory given and waits for its end, to be killed at any moment.
//
//   node test/fault/database/first-start.ts DIR

import { spawn } from 'node:child_process'
import { openInstallation } from '../../../src/base/installation.ts'
import { createLogger } from '../../../src/base/log.ts'
import { databaseConfig } from '../../../src/database/index.ts'
import { embeddedDatabaseMember, embeddedPostgres } from '../../../src/database/members.ts'

const installation = openInstallation(process.argv[2]!)
const spec = embeddedDatabaseMember({
  databaseName: 'test',
  database: databaseConfig.parse({}),
  clientProcesses: 1,
})
const launch = await embeddedPostgres.prepare(spec, {
  installation,
  appDir: installation.dataDir,
  log: createLogger({ level: 'error' }),
})
spawn(launch.file, launch.args, { ...launch, env: { ...launch.env }, detached: true, stdio: 'ignore' })
