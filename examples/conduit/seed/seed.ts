// Fills a Conduit database with one of the sizes. The same size and seed give the same content; a seeding that was
// killed goes on where it was when it is started again.

import type { DatabasePool, DatabasePoolClient } from 'pando/database'
import { makePlan, type Plan } from './plan.ts'
import { inBatch, lockSeeding, markOf, openRun, unlockSeeding, type SeedRun } from './progress.ts'
import { KINDS, type Kind } from './rows.ts'
import { SIZES, type SizeName } from './sizes.ts'

export interface SeedOptions {
  /** A database with Conduit's tables. Uses at most `CONNECTIONS` + 1 connections. */
  readonly pool: DatabasePool
  readonly sizeName: SizeName
  /** Default `1`. */
  readonly seed: string
  readonly hashPassword: () => Promise<string>
  /** Told after every batch: the kind being filled, and rows done and wanted in all. */
  readonly progress: (kind: string, rows: number, total: number) => void
}

/** Two: one computes on the server while the other's rows are made here. A third one gains nothing on two cores. */
export const CONNECTIONS = 2

/** @returns false when the database had been filled before. @throws SeedRefused */
export async function seedConduit(options: SeedOptions): Promise<boolean> {
  const client = await options.pool.connect()
  try {
    await lockSeeding(client)
    try {
      return await seedLocked(client, options)
    } finally {
      // Without a connection there is no lock either.
      await unlockSeeding(client).catch(() => {})
    }
  } finally {
    // Destroyed and not given back: it has settings of its own, and the lock if it could not be given up.
    client.release(true)
  }
}

async function seedLocked(client: DatabasePoolClient, options: SeedOptions): Promise<boolean> {
  const { sizeName, seed, hashPassword } = options
  const size = SIZES[sizeName]
  const run = await openRun(client, { sizeName, size, seed, hashPassword })
  if (run.finished) return false
  await fill(options, makePlan(size, seed), run)
  await finish(client, options)
  return true
}

async function fill(options: SeedOptions, plan: Plan, run: SeedRun): Promise<void> {
  const total = KINDS.reduce((sum, kind) => sum + kind.rows(plan), 0)
  let rows = 0
  for (const kind of KINDS) {
    const batches = Math.ceil(kind.things(plan) / kind.batchThings)
    // A batch's exact number of rows is not worth computing for a progress line.
    const rowsOfBatch = kind.rows(plan) / batches
    const pending = Array.from({ length: batches }, (_, batch) => batch).filter(
      (batch) => !run.done.has(markOf(kind.name, batch)),
    )
    rows += (batches - pending.length) * rowsOfBatch
    const work = async (): Promise<void> => {
      const client = await options.pool.connect()
      try {
        for (let batch = pending.shift(); batch !== undefined; batch = pending.shift()) {
          await insertBatch(client, kind, plan, run, batch)
          rows += rowsOfBatch
          options.progress(kind.name, Math.round(rows), total)
        }
      } catch (error) {
        // The other connection finishes its batch and stops.
        pending.length = 0
        throw error
      } finally {
        client.release()
      }
    }
    // All must have ended before the error is passed on and the lock given up.
    const ended = await Promise.allSettled(Array.from({ length: CONNECTIONS }, work))
    for (const each of ended) if (each.status === 'rejected') throw each.reason
  }
}

function insertBatch(
  client: DatabasePoolClient,
  kind: Kind,
  plan: Plan,
  run: SeedRun,
  batch: number,
): Promise<void> {
  const from = batch * kind.batchThings
  const to = Math.min(kind.things(plan), from + kind.batchThings)
  const columns = kind.columns(plan, run.bases, batch, from, to)
  return inBatch(client, markOf(kind.name, batch), async () => {
    if (columns.length > 0) await client.query(kind.statement, columns)
  })
}

async function finish(client: DatabasePoolClient, { progress }: SeedOptions): Promise<void> {
  progress('counts', 1, 1)
  await client.query('set statement_timeout = 0')
  await client.query('begin')
  try {
    await client.query("set local conduit.bulk = 'on'")
    await client.query('select rebuild_counts()')
    await client.query('update seed.run set finished_at = now()')
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
  progress('statistics', 1, 1)
  // Vacuum too: the first readers would otherwise set the hint bits, page by page, inside their requests.
  for (const table of ['users', 'articles', 'comments', 'favorites', 'follows', 'tags', 'article_tags'])
    await client.query(`vacuum (analyze) ${table}`)
}
