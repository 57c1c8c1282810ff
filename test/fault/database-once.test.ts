// Requests that are repeated while processes, connections and the server itself die: each is applied exactly once, and
// everybody who asked got the same answer.

import { describe, expect, test } from 'vitest'
import { isPlatformError } from '../../src/base/errors.ts'
import { freshSeed, seededRandom, type Random } from '../../src/base/random.ts'
import type { OpenDatabase, Transaction } from '../../src/database/index.ts'
import { startTestPostgres, type TestPostgres } from '../../src/testing/postgres.ts'
import { holdCommits } from './database/lost-commit.ts'

async function withTable(server: TestPostgres): Promise<OpenDatabase> {
  const database = server.open({ connectTimeoutMs: 30_000 })
  await database.sql`create table entry (id integer generated always as identity primary key, request integer not null)`
  await database.once(async () => 0, { key: 'makes-the-table' })
  return database
}

const insert =
  (request: number) =>
  async (tx: Transaction): Promise<number> => {
    const [row] = await tx.sql<{ id: number }>`insert into entry (request) values (${request}) returning id`
    // Something for a kill to fall into.
    await tx.sql`select pg_sleep(0.002)`
    return row!.id
  }

const applied = (database: OpenDatabase): Promise<{ request: number; id: number }[]> =>
  database.sql<{ request: number; id: number }>`select request, id from entry order by request`

const AGAIN_MAX = 50

/** As a balancer and a patient client do: the same again while the answer is one that says nothing. */
async function attempted(work: () => Promise<number>): Promise<number> {
  for (let again = 0; ; again++) {
    try {
      return await work()
    } catch (error) {
      if (!isPlatformError(error) || again >= AGAIN_MAX) throw error
    }
  }
}

describe('requests that are each attempted up to four times at once', () => {
  const LOGICAL = 300

  /** Starts all attempts, in a random order and through three processes, and gives the answers of each request. */
  const attemptAll = (server: TestPostgres, random: Random): Promise<number[]>[] => {
    const processes = [0, 1, 2].map(() => server.open({ poolMax: 6, connectTimeoutMs: 30_000 }))
    return Array.from({ length: LOGICAL }, (_, request) =>
      Promise.all(
        Array.from({ length: 1 + random.integer(4) }, () => {
          const database = processes[random.integer(processes.length)]!
          return attempted(() => database.once(insert(request), { key: String(request), scope: 'requests' }))
        }),
      ),
    )
  }

  const expectOnce = async (database: OpenDatabase, answers: number[][], seed: number): Promise<void> => {
    const rows = await applied(database)
    expect(
      rows.map(({ request }) => request),
      `seed ${seed}`,
    ).toEqual(Array.from({ length: LOGICAL }, (_, request) => request))
    expect(
      answers.map((all) => [...new Set(all)]),
      `seed ${seed}`,
    ).toEqual(rows.map(({ id }) => [id]))
  }

  test('are applied once while connections are ended at random', async () => {
    const seed = freshSeed()
    const random = seededRandom(seed)
    await using server = await startTestPostgres()
    const database = await withTable(server)
    const done = Promise.all(attemptAll(server, random))
    const over = new AbortController()
    const finished = done.finally(() => over.abort())

    while (!over.signal.aborted)
      await database.sql`
        select pg_terminate_backend(pid), pg_sleep(0.02) from (
          select pid from pg_stat_activity
          where backend_type = 'client backend' and pid <> pg_backend_pid() order by random() limit 2
        ) victims`

    await expectOnce(database, await finished, seed)
  })

  test('are applied once while the server is killed and comes back', async () => {
    const seed = freshSeed()
    const random = seededRandom(seed)
    await using server = await startTestPostgres()
    const database = await withTable(server)
    const attempts = attemptAll(server, random)

    for (const answers of [20, 60, 100]) {
      await Promise.all(attempts.slice(0, answers))
      await server.kill()
      await server.restart()
    }

    await expectOnce(database, await Promise.all(attempts), seed)
  })
})

test('a lost answer to COMMIT is no question: the work is not applied twice', async () => {
  await using server = await startTestPostgres()
  const database = await withTable(server)
  const commits = await holdCommits(database)
  const work = database.once(insert(1), { key: 'unknown' })

  await commits.lose()
  commits.release()

  const id = await work
  const [row] = await applied(database)
  expect(row).toEqual({ request: 1, id })
})
