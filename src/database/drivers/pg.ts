// The driver on `pg`: its own Pool and Client, so whatever is written for them works unchanged.

import { currentRequest } from '../../base/context.ts'
import type { Connection, DatabaseDriver, PreparedStatement, StatementResult } from '../driver.ts'
import { answered, type QueryArgument } from './client.ts'
import { ManagedPool, type PooledClient, type PoolOptions } from './managed-pool.ts'
import { exactNumbers } from './values.ts'

export function pgDriver(options: PoolOptions): DatabaseDriver {
  const pool = new ManagedPool(options)
  let closing: Promise<void> | undefined
  return {
    pool,
    acquire: () =>
      new Promise((resolve, reject) => {
        pool.checkout((error, client) => (error ? reject(error) : resolve(connectionOn(client))))
      }),
    run({ text, values, name }) {
      const request = currentRequest()
      return answered((done) =>
        pool.execute(
          { text, values: values as unknown[], name, types: exactNumbers } as QueryArgument,
          undefined,
          request,
          done,
        ),
      )
    },
    close(deadlineMs) {
      closing ??= pool.closeWithin(deadlineMs)
      return closing
    },
  }
}

const STATUS = { I: 'idle', T: 'transaction', E: 'failed' } as const

function connectionOn(client: PooledClient): Connection {
  return {
    client,
    run: ({ text, values, name }: PreparedStatement): Promise<StatementResult> =>
      answered((done) =>
        client.execute(
          { text, values, name, types: exactNumbers } as never,
          undefined,
          currentRequest(),
          done,
        ),
      ),
    control: (text) => answered((done) => client.execute(text, undefined, undefined, done)),
    get lost() {
      return client.lost
    },
    get status() {
      return STATUS[client.getTransactionStatus() ?? 'I']
    },
    get lastFailure() {
      return client.lastFailure
    },
    release: (discard = false) => client.release(discard),
  }
}
