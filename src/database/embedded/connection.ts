// Who connects to the embedded server, where, and with which password. The superuser is for the server's own setup; an
// application connects as a role that owns its database and may do nothing outside it.

import { join } from 'node:path'
import { installationSecret, socketDirectory, type Installation } from '../../base/installation.ts'
import type { DatabaseConnection } from '../connection.ts'
import { SOCKET_PORT } from './configuration.ts'

export const SUPERUSER = 'pando_superuser'
export const APP_ROLE = 'pando_app'

export interface EmbeddedPaths {
  /** Belongs to the server's account, mode 700. */
  readonly home: string
  readonly data: string
  readonly socketDir: string
}

export function embeddedPaths(installation: Installation): EmbeddedPaths {
  const home = join(installation.dataDir, 'postgres')
  return { home, data: join(home, 'data'), socketDir: socketDirectory(installation, 'postgres') }
}

/** How the application reaches its database in the embedded server. The password is generated on first use. */
export function embeddedConnection(installation: Installation, databaseName: string): DatabaseConnection {
  return {
    host: embeddedPaths(installation).socketDir,
    port: SOCKET_PORT,
    database: databaseName,
    user: APP_ROLE,
    password: installationSecret(installation, 'database-app'),
  }
}
