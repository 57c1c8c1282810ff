// What does the database tier cost? `pool.query` and `sql` against bare `pg`, on one embedded server, with the same
// statements under the same names (prepared) or without (unprepared): what is measured is the layer, not the protocol.
//
// Method: rounds of a fixed number of statements by a fixed number of callers, the contestants in turn within a round
// and the turn reversed every other round, so that what else the machine does falls on all alike. The server's work is
// the same for all; the layer's is this process's processor time, so that is what the ratio compares, and throughput is
// given beside it. Node's own spread on two shared cores is a few per cent.

import pg from 'pg'
import { statementNames } from '../src/database/statement-names.ts'
import type { OpenDatabase } from '../src/database/index.ts'
import { startTestPostgres } from '../src/testing/postgres.ts'

const CALLERS = 8
const ROUNDS = Number(process.env['ROUNDS'] ?? 15)
const STATEMENTS_A_ROUND = Number(process.env['STATEMENTS'] ?? 8_000)
const WARM_UP_ROUNDS = 3
const ROWS = 1_000

/** Runs the statement for the row `id`. */
type Run = (id: number) => Promise<unknown>

interface Measured {
  readonly cpuSecondsPer10k: number
  readonly perSecond: number
}

interface Pair {
  readonly kind: 'pool' | 'sql'
  readonly name: string
  readonly bare: Run
  readonly ours: Run
}

async function measure(run: Run): Promise<Measured> {
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  let next = 0
  const caller = async (): Promise<void> => {
    while (next < STATEMENTS_A_ROUND) await run((next++ % ROWS) + 1)
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  const seconds = (performance.now() - startedAt) / 1_000
  const { user, system } = process.cpuUsage(cpuBefore)
  return {
    cpuSecondsPer10k: ((user + system) / 1e6) * (10_000 / STATEMENTS_A_ROUND),
    perSecond: STATEMENTS_A_ROUND / seconds,
  }
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!

/** Prints the figures of the pair and gives the ratio of each round. */
async function compare({ name, bare, ours }: Pair): Promise<number[]> {
  const rounds: { bare: Measured; ours: Measured }[] = []
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const swapped = round % 2 !== 0
    const first = await measure(swapped ? ours : bare)
    const second = await measure(swapped ? bare : ours)
    if (round >= 0) rounds.push(swapped ? { bare: second, ours: first } : { bare: first, ours: second })
  }
  const of = (side: 'bare' | 'ours', figure: keyof Measured): number =>
    median(rounds.map((round) => round[side][figure]))
  const ratios = rounds.map((round) => round.bare.cpuSecondsPer10k / round.ours.cpuSecondsPer10k)
  const figures = (side: 'bare' | 'ours'): object => ({
    cpuSecondsPer10k: Number(of(side, 'cpuSecondsPer10k').toFixed(3)),
    perSecond: Math.round(of(side, 'perSecond')),
  })
  const throughputRatio = median(rounds.map((round) => round.ours.perSecond / round.bare.perSecond))
  console.log(
    JSON.stringify({
      name,
      bare: figures('bare'),
      ours: figures('ours'),
      throughputRatio: Number(throughputRatio.toFixed(3)),
      ratio: Number(median(ratios).toFixed(3)),
    }),
  )
  return ratios
}

async function prepareTable(database: OpenDatabase): Promise<void> {
  await database.sql`create table item (id integer primary key, title text not null, body text not null, stars integer)`
  await database.sql`insert into item select n, 'title ' || n, repeat('text ', 40), n % 5 from generate_series(1, ${ROWS}::integer) n`
  await database.pool.query('analyze item')
}

const ONE = 'select id, title, body, stars from item where id = $1'
const PAGE = 'select id, title, stars from item where id > $1 order by id limit 20'

function pairs(bare: pg.Pool, { pool, sql }: OpenDatabase): Pair[] {
  const names = statementNames()
  for (let use = 0; use < 3; use++) for (const text of [ONE, PAGE]) names.nameOf(text)
  const named = (text: string, id: number): pg.QueryConfig => ({
    name: names.nameOf(text)!,
    text,
    values: [id],
  })
  return [
    {
      kind: 'pool',
      name: 'pool, one row',
      bare: (id) => bare.query(ONE, [id]),
      ours: (id) => pool.query(ONE, [id]),
    },
    {
      kind: 'pool',
      name: 'pool, 20 rows',
      bare: (id) => bare.query(PAGE, [id]),
      ours: (id) => pool.query(PAGE, [id]),
    },
    {
      kind: 'pool',
      name: 'pool, one row, prepared',
      bare: (id) => bare.query(named(ONE, id)),
      ours: (id) => pool.query(named(ONE, id)),
    },
    {
      kind: 'sql',
      name: 'sql, one row',
      bare: async (id) => (await bare.query(named(ONE, id))).rows,
      ours: (id) => sql`select id, title, body, stars from item where id = ${id}`,
    },
    {
      kind: 'sql',
      name: 'sql, 20 rows',
      bare: async (id) => (await bare.query(named(PAGE, id))).rows,
      ours: (id) => sql`select id, title, stars from item where id > ${id} order by id limit 20`,
    },
  ]
}

await using server = await startTestPostgres()
const database = server.open({ poolMax: CALLERS })
await prepareTable(database)
const bare = new pg.Pool({ ...server.connection, max: CALLERS })
const ratios: Record<'pool' | 'sql', number[]> = { pool: [], sql: [] }
for (const pair of pairs(bare, database)) ratios[pair.kind].push(...(await compare(pair)))
await bare.end()

const ratio = Math.min(median(ratios.pool), median(ratios.sql))
console.log(JSON.stringify({ name: 'database-overhead', ratio: Number(ratio.toFixed(3)) }))
