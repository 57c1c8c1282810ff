// The read-your-writes probe: a sample of the acknowledged writes is read back at once, each reader on a connection of
// its own, so that a load balancer may send it to any server. An answer older than the write is stale and is counted
// by itself; it is neither an error nor part of the latencies.

import { isAnswer, type LoadClient } from './client.ts'
import type { AcknowledgedWrite, Answer, ReadBack } from './mix.ts'

export interface ProbeCounts {
  /** Writes read back. */
  writes: number
  /** Reads whose answer showed the write. */
  fresh: number
  /** Reads whose answer was older than the write. */
  stale: number
  /** Reads whose answer showed the write more than once. */
  duplicated: number
  /** Reads that cannot tell, because another write came between. */
  inconclusive: number
  /** Reads without an answer, or with a status of 500 and above. */
  failed: number
  /** Sampled writes that were not read back, because `PROBES_MAX` probes were under way. */
  skipped: number
  /** Stale reads by call and reader: `{ 'POST comment': { anonymous: 1, writer: 0 } }`. */
  readonly staleBy: Record<string, { anonymous: number; writer: number }>
  /** The first stale answers, for a person: `POST comment: comment 17, anonymous, GET /api/…`. At most 20. */
  readonly staleExamples: string[]
  /** The first duplicated ones, alike. At most 20. */
  readonly duplicatedExamples: string[]
}

export interface Probe {
  readonly counts: ProbeCounts
  /** Reads `write` back. Never rejects. */
  readBack(
    call: string,
    write: AcknowledgedWrite,
    reads: () => readonly ReadBack[] | Promise<readonly ReadBack[]>,
  ): Promise<void>
}

/** Probes at a time; every reader opens a connection. */
const PROBES_MAX = 32
const EXAMPLES_MAX = 20

export function createProbe(client: LoadClient): Probe {
  const counts: ProbeCounts = {
    writes: 0,
    fresh: 0,
    stale: 0,
    duplicated: 0,
    inconclusive: 0,
    failed: 0,
    skipped: 0,
    staleBy: {},
    staleExamples: [],
    duplicatedExamples: [],
  }
  let underWay = 0

  const count = (call: string, write: AcknowledgedWrite, read: ReadBack, verdict: Verdict): void => {
    counts[verdict]++
    if (verdict !== 'stale' && verdict !== 'duplicated') return
    const examples = counts[`${verdict}Examples`]
    if (examples.length < EXAMPLES_MAX)
      examples.push(`${call}: ${write.key}, ${read.reader}, GET ${read.path}`)
    if (verdict === 'duplicated') return
    const by = (counts.staleBy[call] ??= { anonymous: 0, writer: 0 })
    by[read.reader]++
  }
  return {
    counts,
    async readBack(call, write, reads) {
      if (underWay >= PROBES_MAX) {
        counts.skipped++
        return
      }
      underWay++
      try {
        const wanted = await reads()
        if (wanted.length > 0) counts.writes++
        await Promise.all(wanted.map(async (read) => count(call, write, read, await verdictOf(client, read))))
      } finally {
        underWay--
      }
    },
  }
}

export type Verdict = 'fresh' | 'stale' | 'duplicated' | 'inconclusive' | 'failed'

/** Makes the read on a fresh connection and judges its answer. */
export async function verdictOf(client: LoadClient, read: ReadBack): Promise<Verdict> {
  const answer = await client.send(
    { method: 'GET', path: read.path, ...(read.headers === undefined ? {} : { headers: read.headers }) },
    'fresh',
  )
  if (!isAnswer(answer) || answer.status >= 500) return 'failed'
  const shown = shows(read, answer)
  if (shown === 'twice') return 'duplicated'
  return shown === undefined ? 'inconclusive' : shown ? 'fresh' : 'stale'
}

function shows(read: ReadBack, answer: Answer): ReturnType<ReadBack['shows']> {
  try {
    return read.shows(answer)
  } catch {
    // An answer of another shape, such as an error page where JSON was expected, does not show the write.
    return false
  }
}
