// A real embedded server for a test: the same engine that `pando up` runs, in a temporary data directory that is removed
// at the end. The data directory is made once for each version of PostgreSQL and copied, so a start costs a fraction of
// a second.

import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { openInstallation, type Installation } from '../base/installation.ts'
import { createLogger, type Logger } from '../base/log.ts'
import type { MemberContext, MemberSpec } from '../base/member.ts'
import {
  openDatabase,
  databaseConfig,
  type DatabaseConnection,
  type DatabaseSettingsInput,
  type OpenDatabase,
} from '../database/index.ts'
import { embeddedConnection, embeddedDatabaseMember, embeddedPostgres } from '../database/members.ts'

export interface TestPostgres extends AsyncDisposable {
  readonly installation: Installation
  readonly connection: DatabaseConnection
  readonly spec: MemberSpec
  /** Process id of the server; changes with every restart. */
  readonly pid: number
  /** A database handle on it; closed by `stop`. */
  open(settings?: DatabaseSettingsInput): OpenDatabase
  /** `kill -9` of the server process, and of nothing else. Resolves when it has ended. */
  kill(): Promise<void>
  /** Starts the server again after `kill`, or after it ended by itself; resolves when it serves. */
  restart(): Promise<void>
  /** Stops the server and removes all that it left. May be called twice. */
  stop(): Promise<void>
}

export interface TestPostgresOptions {
  /** Default `test`. */
  readonly databaseName?: string
  readonly settings?: DatabaseSettingsInput
  readonly log?: Logger
  /** Where its temporary directory is made. Default: the system's. */
  readonly parentDir?: string
  /** Where the data directory that is copied is kept. Default: `.cache` in the working directory. */
  readonly cacheDir?: string
}

const TEMPLATE_DATABASE = 'test'
const SHARED_BUFFERS_BYTES = 32 * 2 ** 20
const SILENT: Logger = createLogger({ write: () => {} })

/** Starts a server of its own for the calling test. Every call gives another server. */
export async function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  const databaseName = options.databaseName ?? TEMPLATE_DATABASE
  const spec = specOf(databaseName, options.settings)
  const context = temporaryContext(options.log ?? SILENT, options.parentDir)
  const { installation } = context
  const removeAll = (): void => rmSync(installation.dataDir, { recursive: true, force: true })
  try {
    const template = await templateFor(options.cacheDir ?? join(process.cwd(), '.cache'))
    copyParts(template, installation.dataDir)
    return await serve(spec, context, removeAll)
  } catch (error) {
    removeAll()
    throw error
  }
}

async function serve(spec: MemberSpec, context: MemberContext, removeAll: () => void): Promise<TestPostgres> {
  const { installation, log } = context
  const connection = embeddedConnection(installation, String(spec.settings['databaseName']))
  const opened = new Set<OpenDatabase>()
  let server = await startServer(spec, context)
  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    for (const database of opened) await database.close()
    await end(server, embeddedPostgres.stop.signal)
    removeAll()
  }
  return {
    installation,
    connection,
    spec,
    get pid() {
      return server.pid!
    },
    open(settings = {}) {
      const database = openDatabase({ ...settings, connection }, { clock: systemClock, log })
      opened.add(database)
      return database
    },
    kill: () => end(server, 'SIGKILL'),
    async restart() {
      await end(server, embeddedPostgres.stop.signal)
      server = await startServer(spec, context)
    },
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  }
}

function specOf(databaseName: string, settings: DatabaseSettingsInput = {}): MemberSpec {
  const database = databaseConfig.parse({ sharedBuffersBytes: SHARED_BUFFERS_BYTES, ...settings })
  return embeddedDatabaseMember({ databaseName, database, clientProcesses: 1 })
}

function temporaryContext(log: Logger, parentDir: string = tmpdir()): MemberContext {
  const root = mkdtempSync(join(parentDir, 'pando-test-'))
  // The server's account passes through it.
  chmodSync(root, 0o711)
  return { installation: openInstallation(root), appDir: root, log }
}

async function startServer(spec: MemberSpec, context: MemberContext): Promise<ChildProcess> {
  const launch = await embeddedPostgres.prepare(spec, context)
  const server = spawn(launch.file, launch.args, {
    cwd: launch.cwd,
    env: { ...launch.env },
    ...(launch.uid !== undefined && { uid: launch.uid }),
    ...(launch.gid !== undefined && { gid: launch.gid }),
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let output = ''
  server.stderr.on('data', (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4_000)
  })
  const deadlineMs = systemClock.monotonic() + embeddedPostgres.startDeadlineMs
  for (;;) {
    const { ready, detail } = await embeddedPostgres.probe(spec, context)
    if (ready) return server
    if (hasEnded(server) || systemClock.monotonic() > deadlineMs) {
      await end(server, 'SIGKILL')
      throw new Error(`the test server did not start: ${detail}\n${output}`)
    }
    await systemClock.sleep(10)
  }
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(server)) return
  const ended = once(server, 'exit')
  server.kill(signal)
  await ended
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null
}

/** The directory with `postgres/` and `secrets/` to copy; made by the engine itself on first use. */
async function templateFor(cacheDir: string): Promise<string> {
  const manifest = new URL('../../package.json', import.meta.url)
  const { optionalDependencies } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    optionalDependencies: object
  }
  const key = createHash('sha256').update(JSON.stringify(optionalDependencies)).digest('hex').slice(0, 12)
  // What one user made another may not read.
  const template = join(cacheDir, `postgres-template-${key}-${process.geteuid?.() ?? 0}`)
  if (existsSync(template)) return template

  const context = temporaryContext(SILENT)
  const { dataDir } = context.installation
  try {
    const server = await startServer(specOf(TEMPLATE_DATABASE), context)
    await end(server, embeddedPostgres.stop.signal)
    mkdirSync(cacheDir, { recursive: true })
    const unfinished = mkdtempSync(`${template}-`)
    copyParts(dataDir, unfinished)
    try {
      renameSync(unfinished, template)
    } catch (error) {
      // Another test process was first; its copy is as good.
      rmSync(unfinished, { recursive: true, force: true })
      if (!existsSync(template)) throw error
    }
    return template
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

function copyParts(from: string, to: string): void {
  // Not fs.cp: for these thousand small files cp(1) takes a tenth of its time.
  const parts = ['postgres', 'secrets'].map((part) => join(from, part))
  execFileSync('cp', ['-R', '-p', ...parts, to])
}
