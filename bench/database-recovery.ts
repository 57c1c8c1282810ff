// How long is nobody able to write after `kill -9` of the database? The embedded server under its real supervisor, six
// writers on one pool as a web process has it, the server process killed ten times: from the kill to the first commit that
// the next server acknowledges. The ratio is the limit of 1.5 s over the median: at least 1 is within it.

import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../src/base/clock.ts'
import { createLogger } from '../src/base/log.ts'
import { databaseConfig, openDatabase, type OpenDatabase } from '../src/database/index.ts'
import { embeddedConnection, embeddedDatabaseMember } from '../src/database/members.ts'
import { down, upDetached } from '../src/supervisor/bring-up.ts'
import { askReport } from '../src/supervisor/control.ts'
import { realInstallation } from '../src/supervisor/records.ts'

const LIMIT_MS = 1_500
const KILLS = Number(process.env['KILLS'] ?? 10)
const WRITERS = 6
/** Of undisturbed writing before each kill; sooner after a start, the supervisor pauses before the next one. */
const CALM_MS = 5_500

const silent = createLogger({ write: () => {} })
const dir = realpathSync(mkdtempSync(join(tmpdir(), 'pando-recovery-')))
const installation = realInstallation(join(dir, 'data'))
const member = embeddedDatabaseMember({
  databaseName: 'bench',
  database: databaseConfig.parse({}),
  clientProcesses: 1,
})
const plan = {
  stage: 'single',
  routes: [],
  source: undefined,
  appDir: dir,
  endpoints: { web: undefined },
  enginesModule: join(import.meta.dirname, '..', 'src', 'topology', 'engines.ts'),
  members: [member],
}
const options = {
  installation,
  clock: systemClock,
  log: silent,
  stopWish: () => 'none' as const,
  onReport: () => {},
}

/** Writers that insert rows until they are stopped; tells which server acknowledged each commit, by its start time. */
function write(database: OpenDatabase, onCommit: (server: string) => void): { stop(): Promise<void> } {
  const stop = { asked: false }
  const writer = async (): Promise<void> => {
    while (!stop.asked) {
      const insert = database.sql<{ server: string }>`
        insert into entry (note) values ('a row') returning pg_postmaster_start_time()::text as server`
      await insert.then(
        ([row]) => onCommit(row!.server),
        () => systemClock.sleep(1),
      )
    }
  }
  const running = Array.from({ length: WRITERS }, writer)
  return {
    async stop() {
      stop.asked = true
      await Promise.all(running)
    },
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

await upDetached({ ...options, plan })
const database = openDatabase(
  { connection: embeddedConnection(installation, 'bench'), connectTimeoutMs: 30_000 },
  { clock: systemClock, log: silent },
)
try {
  await database.sql`create table entry (id bigint primary key generated always as identity, note text)`
  let commits = 0
  let serving = ''
  let onNextServer: () => void = () => {}
  const load = write(database, (server) => {
    commits++
    if (server !== serving) onNextServer()
    serving = server
  })
  const tookMs: number[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    await systemClock.sleep(CALM_MS)
    const { members } = (await askReport(installation)).status
    const served = new Promise<void>((resolve) => (onNextServer = resolve))
    const killedMs = performance.now()
    process.kill(members[0]!.pid!, 'SIGKILL')
    await served
    tookMs.push(performance.now() - killedMs)
    process.stderr.write(
      `kill ${kill + 1} of ${KILLS}: ${Math.round(tookMs.at(-1)!)} ms, ${commits} commits so far\n`,
    )
  }
  await load.stop()
  const result = { medianMs: Math.round(median(tookMs)), maxMs: Math.round(Math.max(...tookMs)) }
  console.log(
    JSON.stringify({
      name: 'database-recovery',
      ...result,
      ratio: Number((LIMIT_MS / result.medianMs).toFixed(3)),
    }),
  )
} finally {
  await database.close()
  await down(options)
  rmSync(dir, { recursive: true, force: true })
}
