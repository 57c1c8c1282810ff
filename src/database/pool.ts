import type { Pool, PoolClient } from 'pg'

/** The shape of `pg.Pool` that Kysely, Drizzle and plain `pg` code use. */
export type DatabasePool = Pick<
  Pool,
  'connect' | 'query' | 'end' | 'totalCount' | 'idleCount' | 'waitingCount' | 'on'
>
export type DatabasePoolClient = PoolClient
