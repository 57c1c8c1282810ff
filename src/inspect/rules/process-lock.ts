// Locks that hold in one process: two servers are inside at the same time. A limit of how much one process does at once
// (p-limit, a semaphore) is meant for each process and is none.

import type { Analysis, Match, Rule } from '../finding.ts'

const LOCKS = new Set([
  'async-mutex#Mutex',
  'async-lock',
  'await-lock',
  'await-mutex',
  'semaphore-async-await#Lock',
])

export const processLock: Rule = {
  name: 'process-lock',
  remedy: 'Take a lock in the database: `select … for update` on the row, or `pg_advisory_xact_lock`.',
  find: ({ calls }: Analysis): readonly Match[] =>
    calls
      .filter(({ name, isStart }) => LOCKS.has(name) && isStart)
      .map(({ node }) => ({ node, found: 'a lock of this process: another server does not wait for it' })),
}
