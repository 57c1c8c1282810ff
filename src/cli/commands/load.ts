// `pando load URL --mix FILE --rate N --seconds N`: reads the options, prepares, runs, shows. What is measured and how
// is in src/load.

import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs'
import type { Command } from 'commander'
import { systemClock } from '../../base/clock.ts'
import { PlatformError } from '../../base/errors.ts'
import { freshSeed } from '../../base/random.ts'
import {
  loadMix,
  parseStages,
  prepareLoad,
  progressLine,
  readWriteRecords,
  resultText,
  variablesOf,
  verificationText,
  type LoadResult,
  type PreparedLoad,
  type WriteRecord,
} from '../../load/index.ts'

interface LoadFlags {
  readonly mix: string
  readonly rate: string
  readonly seconds: string
  readonly warmup: string
  readonly seed?: string
  readonly var: readonly string[]
  readonly maxInFlight: string
  readonly timeout: string
  readonly retrySafe?: boolean
  readonly probe: string
  readonly json?: string
  readonly acknowledged?: string
  readonly verify?: string
}

export function register(program: Command): void {
  program
    .command('load')
    .summary('drive a workload mix against a URL and measure it')
    .description(
      'Sends requests as visitors come: at random times with the given rate, never waiting for answers. Latency counts from the intended start.',
    )
    .argument('<url>', 'address of the running application, such as http://127.0.0.1:3000')
    .requiredOption('--mix <file>', 'mix file: calls, their shares, and how each is made')
    .option('--rate <rate>', 'arrivals a second: 500, steps 100,200,400, or a ramp 100..1000', '50')
    .option('--seconds <n>', 'length of the run, or of each step', '30')
    .option('--warmup <n>', 'seconds driven before and not counted', '5')
    .option('--seed <text>', 'repeats the random choices of a run (printed with every run)')
    .option('--var <name=value>', 'sets a variable of the mix; repeatable', collect, [])
    .option(
      '--max-in-flight <n>',
      'bound of requests in flight; an arrival beyond it is dropped and reported',
      '512',
    )
    .option('--timeout <ms>', 'how long an answer may take, in milliseconds', '10000')
    .option(
      '--retry-safe',
      'sends a request once more whose connection broke unanswered: GET, HEAD, or with an Idempotency-Key',
    )
    .option('--probe <percent>', 'share of the writes that are read back at once, in per cent', '10')
    .option('--json <file>', 'writes the result as JSON; - is standard output')
    .option('--acknowledged <file>', 'writes one JSON line for each acknowledged write')
    .option('--verify <file>', 'sends no load: checks that the writes recorded by --acknowledged are there')
    .action(load)
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value]
}

async function load(url: string, flags: LoadFlags): Promise<void> {
  const seconds = numberOf('--seconds', flags.seconds, 1, 86_400)
  const stages = parseStages(flags.rate, seconds, numberOf('--warmup', flags.warmup, 0, 3_600))
  const probeShare = numberOf('--probe', flags.probe, 0, 100) / 100
  const mix = await loadMix(flags.mix)
  const earlier =
    flags.verify === undefined ? undefined : withFile('--verify', flags.verify, readWriteRecords)
  const records = flags.acknowledged === undefined ? undefined : recordTo(flags.acknowledged)
  // Found out now and not when the run is over and its result would be lost.
  if (flags.json !== undefined && flags.json !== '-')
    withFile('--json', flags.json, (file) => closeSync(openSync(file, 'a')))
  const show = progressOn(process.stderr)
  const prepared = await prepareLoad({
    url,
    mix,
    variables: variablesOf(mix, flags.var),
    seed: flags.seed ?? String(freshSeed()),
    maxInFlight: numberOf('--max-in-flight', flags.maxInFlight, 1, 20_000),
    timeoutMs: numberOf('--timeout', flags.timeout, 1, 600_000),
    retrySafe: flags.retrySafe === true,
    clock: systemClock,
    progress: (text) => show.line(text),
  })
  const interruption = interruptOnce()
  try {
    if (earlier !== undefined) {
      await verify(prepared, earlier)
      return
    }
    const result = await prepared.run({
      stages,
      probeShare,
      ...(records === undefined ? {} : { onWrite: (record) => records.write(record) }),
      onSecond: (recorder, inFlight) => show.line(progressLine(recorder, inFlight)),
      signal: interruption.signal,
    })
    show.end()
    publish(result, flags.json)
  } finally {
    interruption.release()
    records?.close()
    prepared.close()
  }
}

async function verify(prepared: PreparedLoad, earlier: readonly WriteRecord[]): Promise<void> {
  const verification = await prepared.verify(earlier)
  process.stdout.write(`${verificationText(verification)}\n`)
  const { missing, duplicated, unreadable } = verification
  if (missing.length + duplicated.length + unreadable.length > 0) process.exitCode = 1
}

function publish(result: LoadResult, json: string | undefined): void {
  const text = `${resultText(result)}\n`
  if (json === '-') {
    process.stderr.write(text)
    process.stdout.write(`${JSON.stringify(result)}\n`)
    return
  }
  process.stdout.write(text)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`)
}

function recordTo(file: string): { write(record: WriteRecord): void; close(): void } {
  const descriptor = withFile('--acknowledged', file, () => openSync(file, 'a'))
  return {
    // Written at once and whole, so that the file is complete up to the moment at which this process is killed.
    write: (record) => void writeSync(descriptor, `${JSON.stringify(record)}\n`),
    close: () => closeSync(descriptor),
  }
}

/** @throws LOAD_FILE_UNUSABLE when the file system refuses */
function withFile<T>(option: string, file: string, use: (file: string) => T): T {
  try {
    return use(file)
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause
    throw new PlatformError('LOAD_FILE_UNUSABLE', { option, file, reason: cause.message }, { cause })
  }
}

/** On a terminal one line that is overwritten; elsewhere a line each. */
function progressOn(stream: NodeJS.WriteStream): { line(text: string): void; end(): void } {
  return stream.isTTY
    ? { line: (text) => void stream.write(`\r\u001B[K${text}`), end: () => void stream.write('\r\u001B[K') }
    : { line: (text) => void stream.write(`${text}\n`), end: () => {} }
}

/** The first Ctrl-C ends the run with a valid result; after it the default holds again, so a second one kills. */
function interruptOnce(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController()
  const release = (): void => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
  const interrupt = (): void => {
    release()
    controller.abort(new Error('interrupted'))
  }
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
  return { signal: controller.signal, release }
}

function numberOf(option: string, text: string, min: number, max: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  throw new PlatformError('LOAD_OPTION_INVALID', {
    option,
    value: text,
    expected: `a number from ${min} to ${max}`,
  })
}
