// Opens the tiers of one process from the settings of its plan: the only place that knows all of them.

import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { installationSecret, installationSecrets, type Installation } from '../base/installation.ts'
import type { Logger } from '../base/log.ts'
import { embeddedConnection, migrate, openDatabase, type DatabaseSettings } from '../database/index.ts'
import { openFiles, type FilesSettings } from '../files/index.ts'
import type { AppDefinition, Tiers } from '../index.ts'
import { openSessions, type SessionsSettings } from '../sessions/index.ts'

/** The part of a web member's settings that says how its tiers are opened. */
export interface TierSettings {
  readonly databaseName: string
  readonly database: DatabaseSettings
  readonly sessions: SessionsSettings
  readonly files: FilesSettings
}

export interface OpenTiers {
  readonly tiers: Tiers
  /** Answers the links to files below `/-/files/`. */
  readonly answerLink: (request: Request) => Promise<Response>
  /** Closes all in reverse order; may be called twice. */
  close(): Promise<void>
}

/**
 * Opens everything, running the application's migrations first; what was opened is closed again when a later part fails.
 * @throws the tiers' own errors; those of migrations are permanent
 */
export async function openTiers(
  installation: Installation,
  definition: AppDefinition,
  appDir: string,
  settings: TierSettings,
  log: Logger,
): Promise<OpenTiers> {
  await using opened = new AsyncDisposableStack()
  const environment = { clock: systemClock, log: log.child({ tier: 'database' }) }
  const connection = embeddedConnection(installation, settings.databaseName)
  const database = opened.use(openDatabase({ ...settings.database, connection }, environment))
  if (definition.migrations !== undefined)
    await migrate(connection, join(appDir, definition.migrations), environment)

  const keys = installationSecrets(installation, 'session-key')
  const sessions = opened.use(
    await openSessions({ database, keys, settings: settings.sessions, clock: systemClock, log }),
  )
  const files = opened.use(
    await openFiles({
      dir: join(installation.dataDir, 'files'),
      settings: settings.files,
      linkSecret: installationSecret(installation, 'files-links'),
      clock: systemClock,
    }),
  )

  const secret = (name: string): string => installationSecret(installation, `app-${name}`)
  const owned = opened.move()
  return {
    tiers: { database, sessions, files, log: log.child({ tier: 'app' }), secret },
    answerLink: files.answerLink,
    close: () => owned.disposeAsync(),
  }
}
