// How long from `pando up` to the first 200? Conduit on an existing data directory, five times; the first start, which
// makes the database, is reported beside it. The ratio is the limit of 3 s over the median: at least 1 is within it.

import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '../test/support/free-port.ts'

const LIMIT_MS = 3_000
const RUNS = 5
const root = join(import.meta.dirname, '..')
const pando = join(root, 'bin', 'pando.js')
const dataDir = mkdtempSync(join(tmpdir(), 'pando-start-'))

/** From the start of the command to the first answer 200, in milliseconds. */
async function start(port: number): Promise<number> {
  const startedAt = performance.now()
  const app = join(root, 'examples', 'conduit')
  const up = spawn(
    process.execPath,
    [pando, 'up', '--detach', '--app', app, '--data', dataDir, '--port', String(port)],
    {
      stdio: 'ignore',
    },
  )
  const ended = new Promise<number | null>((resolve) => up.once('close', resolve))
  let failed: number | null | undefined
  void ended.then((status) => (failed = status === 0 ? undefined : status))
  for (;;) {
    if (failed !== undefined) throw new Error(`pando up failed with exit ${failed}`)
    const answer = await fetch(`http://127.0.0.1:${port}/api/tags`).catch(() => undefined)
    if (answer?.status === 200) break
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  const tookMs = performance.now() - startedAt
  await ended
  return tookMs
}

const down = (): Promise<unknown> => promisify(execFile)(process.execPath, [pando, 'down', '--data', dataDir])

try {
  const port = await freePort()
  const firstMs = await start(port)
  await down()
  const tookMs: number[] = []
  for (let run = 0; run < RUNS; run++) {
    tookMs.push(await start(port))
    process.stderr.write(`start ${run + 1} of ${RUNS}: ${Math.round(tookMs.at(-1)!)} ms\n`)
    await down()
  }
  const sorted = tookMs.toSorted((a, b) => a - b)
  const medianMs = sorted[Math.floor(RUNS / 2)]!
  const round = (ms: number): number => Math.round(ms)
  process.stdout.write(
    `${JSON.stringify({ firstMs: round(firstMs), minMs: round(sorted[0]!), medianMs: round(medianMs), maxMs: round(sorted.at(-1)!) })}\n`,
  )
  process.stdout.write(
    `${JSON.stringify({ name: 'start', ratio: Number((LIMIT_MS / medianMs).toFixed(3)) })}\n`,
  )
} finally {
  await down()
  rmSync(dataDir, { recursive: true, force: true })
}
