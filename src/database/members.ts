// The embedded database as a member: one PostgreSQL server on a Unix socket, its data below the data directory.
//
// Every start prepares from nothing: directories and their owner, what a killed server left, the data the first time,
// and the configuration. A crash at any instruction leaves a state from which the next start succeeds.

import { statfsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { systemClock } from '../base/clock.ts'
import { describeError, PlatformError } from '../base/errors.ts'
import { installationSecret } from '../base/installation.ts'
import { environmentOf, installationId, readMark } from '../base/mark.ts'
import type { Launch, MemberContext, MemberEngine, MemberReadiness, MemberSpec } from '../base/member.ts'
import type { DatabaseSettings } from './config.ts'
import { asAccount, chooseAccount } from './embedded/account.ts'
import { findBinaries } from './embedded/binaries.ts'
import { prepareCluster } from './embedded/cluster.ts'
import {
  defaultSharedBuffersBytes,
  HOST_BASED_AUTHENTICATION,
  serverConfiguration,
} from './embedded/configuration.ts'
import { embeddedConnection, embeddedPaths } from './embedded/connection.ts'
import { clearLeftovers } from './embedded/leftovers.ts'
import { isNotNow } from './failure.ts'
import { ownDirectory, writeDurably } from './embedded/ownership.ts'

export { embeddedConnection } from './embedded/connection.ts'

export interface EmbeddedDatabasePlan {
  /** The application's name: 1 to 63 characters of `[a-z][a-z0-9-]*`. */
  readonly databaseName: string
  /** The `database` block of the topology. */
  readonly database: DatabaseSettings
  /** Processes that open a pool of their own. */
  readonly clientProcesses: number
  /** For `status`; default: where a data directory called `.pando` has its socket. */
  readonly address?: string
}

const RESERVED_NAMES = new Set(['postgres', 'template0', 'template1'])
const RESERVED_CONNECTIONS = 20
const LEAST_CONNECTIONS = 100

/**
 * The member `database`. Pure.
 * @throws DATABASE_NAME_INVALID
 */
export function embeddedDatabaseMember(plan: EmbeddedDatabasePlan): MemberSpec {
  const { databaseName: name, database } = plan
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(name))
    throw new PlatformError('DATABASE_NAME_INVALID', {
      name,
      problem: 'it has other characters or another length than allowed',
    })
  if (RESERVED_NAMES.has(name))
    throw new PlatformError('DATABASE_NAME_INVALID', { name, problem: 'PostgreSQL uses that name itself' })
  const wanted = plan.clientProcesses * database.poolMax + RESERVED_CONNECTIONS
  const settings: EmbeddedSettings = {
    databaseName: name,
    maxConnections: database.maxConnections ?? Math.max(LEAST_CONNECTIONS, wanted),
    ...(database.sharedBuffersBytes !== undefined && { sharedBuffersBytes: database.sharedBuffersBytes }),
  }
  return {
    name: 'database',
    tier: 'database',
    engine: 'postgres-embedded',
    after: [],
    address: plan.address ?? '.pando/postgres/.s.PGSQL.5432',
    settings: { ...settings },
  }
}

interface EmbeddedSettings {
  readonly databaseName: string
  readonly maxConnections?: number
  readonly sharedBuffersBytes?: number
}

const settingsOf = (spec: MemberSpec): EmbeddedSettings => spec.settings as unknown as EmbeddedSettings

// Less than a few segments of the write-ahead log (16 MiB each), and the server stops in its first minute.
const LEAST_FREE_MEBIBYTES = 64
const PROBE_MS = 1_800

export const embeddedPostgres: MemberEngine = {
  async prepare(spec: MemberSpec, { installation }: MemberContext): Promise<Launch> {
    const settings = settingsOf(spec)
    const binaries = findBinaries()
    const { home, data, socketDir } = embeddedPaths(installation)
    const account = chooseAccount(binaries.postgres, installation.dataDir)
    ownDirectory(home, account)
    ownDirectory(socketDir, account)
    requireFreeSpace(home)
    const id = installationId(installation)
    const isOurs = (pid: number): boolean => readMark(environmentOf(pid), id) !== undefined
    await clearLeftovers({ data, socketDir, isOurs }, systemClock)
    await prepareCluster(
      {
        home,
        data,
        databaseName: settings.databaseName,
        superuserPassword: installationSecret(installation, 'database-superuser'),
        appPassword: installationSecret(installation, 'database-app'),
      },
      binaries,
      account,
    )
    const memoryBytes = usableMemoryBytes()
    const configuration = serverConfiguration({
      socketDir,
      maxConnections: settings.maxConnections ?? LEAST_CONNECTIONS,
      sharedBuffersBytes: settings.sharedBuffersBytes ?? defaultSharedBuffersBytes(memoryBytes),
      memoryBytes,
    })
    writeDurably(join(data, 'postgresql.conf'), configuration, account)
    writeDurably(join(data, 'pg_hba.conf'), HOST_BASED_AUTHENTICATION, account)
    const command = asAccount(account, binaries.postgres, ['-D', data])
    return { ...command, env: { LC_ALL: 'C', TZ: 'UTC' }, cwd: '/', ...account.owner }
  },

  async probe(spec: MemberSpec, { installation }: MemberContext): Promise<MemberReadiness> {
    try {
      const connection = embeddedConnection(installation, settingsOf(spec).databaseName)
      return { ready: true, detail: `PostgreSQL ${await askVersion(connection)}` }
    } catch (error) {
      return { ready: false, answered: isNotNow(error), detail: describeError(error) }
    }
  },

  // "Fast" shutdown: sessions are ended, a checkpoint is written (postgresql.org/docs/18/server-shutdown.html).
  stop: { signal: 'SIGINT', graceMs: 30_000 },
  // Crash recovery replays at most `max_wal_size` (1 GB), which a slow disk needs a minute or two for.
  startDeadlineMs: 180_000,
}

async function askVersion(connection: ReturnType<typeof embeddedConnection>): Promise<string> {
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: PROBE_MS, query_timeout: PROBE_MS })
  // A server that goes away between two messages is reported by the promises as well.
  client.on('error', () => {})
  const ask = async (): Promise<string> => {
    await client.connect()
    const { rows } = await client.query<{ version: string }>(
      "select current_setting('server_version') as version",
    )
    return rows[0]!.version
  }
  const late = new AbortController()
  const deadline = systemClock.sleep(PROBE_MS, late.signal).then(
    () => Promise.reject(new Error(`no answer within ${PROBE_MS} ms`)),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([ask(), deadline])
  } finally {
    late.abort()
    // Not awaited: a server that hangs never says goodbye.
    client.end().catch(() => {})
  }
}

function requireFreeSpace(path: string): void {
  const { bavail, bsize } = statfsSync(path)
  const freeMebibytes = Math.floor((bavail * bsize) / 2 ** 20)
  if (freeMebibytes < LEAST_FREE_MEBIBYTES)
    throw new PlatformError('DATABASE_DISK_FULL', {
      path,
      freeMebibytes,
      neededMebibytes: LEAST_FREE_MEBIBYTES,
    })
}

/** The container's limit where there is one, else the machine's memory. */
function usableMemoryBytes(): number {
  const limit = process.constrainedMemory()
  return limit > 0 && limit < totalmem() ? limit : totalmem()
}
