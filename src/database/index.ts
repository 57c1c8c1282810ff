export type { Database, Row, Sql, Transaction, TransactionOptions } from './database.ts'
export type { Fragment } from './fragment.ts'
export type { DatabasePool, DatabasePoolClient } from './pool.ts'
