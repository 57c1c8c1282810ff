// How a load run is shown to a person: one line while it runs, a table at the end. Pure text.

import pc from 'picocolors'
import type { Verification } from './acknowledged.ts'
import type { Recorder } from './recorder.ts'
import type { CallResult, LatencySummary, LoadResult } from './result.ts'

/** The last second in one line: `12 s  498/s  p99 4.2 ms  max 8.0 ms  in flight 3  failed 0`. */
export function progressLine(recorder: Recorder, inFlight: number): string {
  const last = recorder.timeline.at(-1)
  if (last === undefined) return 'starting'
  const failed = recorder.stages.reduce((sum, stage) => sum + stage.failed, 0)
  const dropped = recorder.stages.reduce((sum, stage) => sum + stage.dropped, 0)
  const line = [
    `${last.second + 1} s`,
    `${last.ok}/s`,
    `p99 ${ms(last.p99Ms)} ms`,
    `max ${ms(last.maxMs)} ms`,
    `in flight ${inFlight}`,
    `failed ${failed}`,
  ]
  if (dropped > 0) line.push(`dropped by the generator ${dropped}`)
  return line.join('  ')
}

/** The whole result as lines of text, the problems first among the totals. */
export function resultText(result: LoadResult): string {
  const lines = [
    `${result.mix} on ${result.url}, seed ${result.seed}${result.interrupted ? pc.yellow('  interrupted') : ''}`,
    '',
    ...table(['call', 'ok', 'failed', 'p50', 'p90', 'p99', 'p99.9', 'max'], callRows(result)),
    '',
    `${result.arrivals} arrivals in ${result.seconds} s: offered ${result.offeredPerSecond}/s, answered ${result.answeredPerSecond}/s. Milliseconds count from the intended start.`,
    ...stageLines(result),
    ...errorLines(result),
    ...problemLines(result),
    probeLine(result),
    `generator: sent ${ms(result.generator.startDelay.p99Ms)} ms late at p99, event loop ${Math.round(result.generator.eventLoopUtilization * 100)} % busy, ${result.generator.cpuSeconds} CPU seconds`,
  ]
  return lines.join('\n')
}

function callRows(result: LoadResult): string[][] {
  const row = (name: string, ok: number, failed: number, latency: LatencySummary): string[] => [
    name,
    String(ok),
    String(failed),
    ...[latency.p50Ms, latency.p90Ms, latency.p99Ms, latency.p999Ms, latency.maxMs].map(ms),
  ]
  const used = Object.entries(result.calls).filter(([, call]) => call.ok + call.failed > 0)
  return [
    ...used.map(([name, call]) => row(name, call.ok, call.failed, call.latency)),
    row('all', result.ok, result.failed, result.latency),
  ]
}

function stageLines({ stages }: LoadResult): string[] {
  const measured = stages.filter((stage) => stage.measured)
  if (measured.length < 2) return []
  const rows = measured.map((stage) => [
    stage.fromRate === stage.toRate ? `${stage.fromRate}/s` : `${stage.fromRate} to ${stage.toRate}/s`,
    String(stage.answeredPerSecond),
    String(stage.failed),
    String(stage.dropped),
    ms(stage.latency.p50Ms),
    ms(stage.latency.p99Ms),
  ])
  return ['', ...table(['stage', 'answered/s', 'failed', 'dropped', 'p50', 'p99'], rows), '']
}

function errorLines({ calls }: LoadResult): string[] {
  const list = ([name, { errors }]: [string, CallResult]): string[] =>
    Object.entries(errors).map(([error, count]) => pc.red(`failed: ${name}: ${error}, ${count} times`))
  return Object.entries(calls).flatMap(list)
}

function problemLines(result: LoadResult): string[] {
  const lines: string[] = []
  if (result.retried > 0)
    lines.push(
      pc.yellow(
        `retried: ${result.retried} safe requests were sent once more because their connection broke; their times count from the first`,
      ),
    )
  if (result.dropped > 0)
    lines.push(
      pc.red(
        `DROPPED: ${result.dropped} arrivals were not sent because the bound of requests in flight was reached. The server was overloaded, or raise --max-in-flight; the percentiles leave these visitors out.`,
      ),
    )
  if (result.skipped > 0) lines.push(pc.yellow(`skipped: ${result.skipped} arrivals had nothing to act on`))
  if (result.unfinished > 0)
    lines.push(pc.yellow(`unfinished: ${result.unfinished} requests were still in flight at the end`))
  if (result.generator.limitedBy !== null)
    lines.push(
      pc.red(
        `The generator itself was short of CPU: ${result.generator.limitedBy}. Part of these times is its own; lower the rate or use another machine.`,
      ),
    )
  return lines
}

function probeLine({ probe, acknowledgedWrites }: LoadResult): string {
  const reads = probe.fresh + probe.stale
  const text = `read-your-writes: ${acknowledgedWrites} writes acknowledged, ${probe.writes} read back by ${reads} reads, ${probe.stale} stale${probe.duplicated > 0 ? `, ${probe.duplicated} APPLIED TWICE` : ''}${probe.inconclusive > 0 ? `, ${probe.inconclusive} inconclusive` : ''}${probe.failed > 0 ? `, ${probe.failed} failed` : ''}${probe.skipped > 0 ? `, ${probe.skipped} writes not read back for too many at a time` : ''}`
  if (probe.stale + probe.duplicated === 0) return text
  const examples = [
    ...probe.staleExamples.map((example) => `  stale: ${example}`),
    ...probe.duplicatedExamples.map((example) => `  applied twice: ${example}`),
  ]
  return [text, ...examples].map(pc.red).join('\n')
}

export function verificationText(verification: Verification): string {
  const { records, checked, unverifiable, missing, duplicated, unreadable } = verification
  const name =
    (outcome: string) =>
    ({ call, at, write }: Verification['missing'][number]): string =>
      pc.red(`${outcome}: ${call} of ${at}: ${write.key}`)
  return [
    ...missing.map(name('MISSING')),
    ...duplicated.map(name('APPLIED TWICE')),
    ...unreadable.map(name('unreadable')),
    `${records} records: ${checked} things checked, ${missing.length} missing, ${duplicated.length} applied twice, ${unreadable.length} unreadable, ${unverifiable} not checkable`,
  ].join('\n')
}

/** Columns as wide as their widest cell; the first to the left, the others to the right. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[column]!)))
      .join('  ')
  return [pc.dim(line(head)), ...rows.map(line)]
}

/** Three significant digits are all that a percentile has. */
function ms(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2)
}
