export { openInstallation, type Installation } from '../base/installation.ts'
export { databaseConfig, type DatabaseSettings, type DatabaseSettingsInput } from './config.ts'
export { describeConnection, type DatabaseConnection } from './connection.ts'
export type {
  Database,
  Jsonified,
  OnceOptions,
  Row,
  Sql,
  Transaction,
  TransactionOptions,
} from './database.ts'
export { embeddedConnection } from './embedded/connection.ts'
export { fragment, identifier, join, type Fragment } from './fragment.ts'
export { migrate, type MigrateOptions, type MigrateResult } from './migrate.ts'
export type { QueryObservation } from './observe.ts'
export {
  openDatabase,
  type DatabaseEnvironment,
  type OpenDatabase,
  type OpenDatabaseSettings,
} from './open.ts'
export type { DatabasePool, DatabasePoolClient } from './pool.ts'
