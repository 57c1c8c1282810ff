import type { Pool, PoolClient } from 'pg'

/**
 * A `pg.Pool`, so that Kysely, Drizzle and plain `pg` code take it as it is. It waits while the server restarts, bounds
 * its queue, and closes a connection that is released with a transaction on it.
 */
export type DatabasePool = Pool
export type DatabasePoolClient = PoolClient
