// The tier, opened: settings → driver → what an application uses.

import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { Logger } from '../base/log.ts'
import { freshSeed, seededRandom, type Random } from '../base/random.ts'
import type { Health } from '../base/service.ts'
import { describeConnection, type DatabaseConnection } from './connection.ts'
import { databaseConfig, type DatabaseSettingsInput } from './config.ts'
import type { Database, Sql, Row } from './database.ts'
import type { PreparedStatement } from './driver.ts'
import { pgDriver } from './drivers/pg.ts'
import { isStalePlan } from './failure.ts'
import { compose, isFragment, type Statement } from './fragment.ts'
import { createOnce } from './once/once.ts'
import { statementNames } from './statement-names.ts'
import { runTransaction } from './transaction.ts'

export interface OpenDatabaseSettings extends DatabaseSettingsInput {
  readonly connection: DatabaseConnection
}

export interface DatabaseEnvironment {
  readonly clock: Clock
  readonly log: Logger
  /** For the jitter of retries. Default: seeded anew. */
  readonly random?: Random
}

export interface OpenDatabase extends Database, AsyncDisposable {
  /** Waits for statements under way, 5 s at most, then closes every connection. May be called twice. */
  close(deadlineMs?: number): Promise<void>
  /** What the pool does now. No I/O. */
  readonly health: Health
  /** Resolves when the server has answered a query. @throws what a statement would */
  ping(): Promise<void>
}

const CLOSE_MS = 5_000

/** Opens nothing yet: the first statement connects. Settings not given have the defaults of the topology's block. */
export function openDatabase(settings: OpenDatabaseSettings, environment: DatabaseEnvironment): OpenDatabase {
  const { connection, ...given } = settings
  const { clock, log } = environment
  const random = environment.random ?? seededRandom(freshSeed())
  const driver = pgDriver({ ...databaseConfig.parse(given), connection, clock, log, random })
  const names = statementNames()
  const prepare = ({ text, values }: Statement): PreparedStatement => ({
    text,
    values,
    name: names.nameOf(text),
  })
  let state: Health['state'] = 'running'

  const rowsOf = async (statement: Statement): Promise<Row[]> => {
    try {
      return (await driver.run(prepare(statement))).rows
    } catch (error) {
      if (!isStalePlan(error)) throw error
      names.renew()
      return (await driver.run(statement)).rows
    }
  }
  const transaction: Database['transaction'] = (work, options) =>
    runTransaction({ driver, clock, random, prepare, onStalePlan: () => names.renew() }, work, options)
  const once = createOnce({ transaction, clock, log })
  const close = async (deadlineMs: number = CLOSE_MS): Promise<void> => {
    state = 'stopping'
    await Promise.all([once.stop(), driver.close(deadlineMs)])
    state = 'stopped'
  }
  return {
    sql: ((text, ...values) => rowsOf(compose(text, values))) as Sql,
    run: async <T extends object>(statement: Parameters<Database['run']>[0]): Promise<T[]> => {
      if (!isFragment(statement))
        throw new PlatformError('DATABASE_FRAGMENT_INVALID', {
          problem: '`run` takes what the tag `fragment` made',
        })
      return (await rowsOf(compose(statement.text, statement.values))) as T[]
    },
    transaction,
    once: once.run,
    pool: driver.pool,
    close,
    [Symbol.asyncDispose]: () => close(),
    get health() {
      const { totalCount, idleCount, waitingCount } = driver.pool
      return {
        state,
        detail: `${totalCount} connections (${idleCount} idle, ${waitingCount} statements waiting) to ${describeConnection(connection)}`,
      }
    },
    async ping() {
      await driver.run({ text: 'select 1', values: [] })
    },
  }
}
