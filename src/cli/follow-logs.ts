// Prints members' logs and follows them: a line is printed when it is complete, with its member's name before it, and in
// the order of the times in the lines where several logs have something new. A log
// that became smaller was rotated: the rest of the old one is read from the rotated file first, so no line is missed.

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import type { Clock } from '../base/clock.ts'
import type { Installation } from '../base/installation.ts'
import { lastLines, logPath, logSizeBytes } from '../supervisor/log-file.ts'
import { inOrder, timed } from './log-time.ts'
import type { Paint, Terminal } from './terminal.ts'

const POLL_MS = 150
/** Read at once from one log; the rest follows in the next round. */
const CHUNK_BYTES = 1024 * 1024
/** A line that is longer is printed in pieces. */
const LINE_MAX_CHARS = 64 * 1024

/** Byte offsets up to which each log has been printed. */
export type Offsets = Map<string, number>

/** Names of all logs, members first. */
export function knownLogs(installation: Installation): readonly string[] {
  return readdirSync(installation.logsDir)
    .filter((file) => file.endsWith('.log'))
    .map((file) => file.slice(0, -'.log'.length))
    .sort((a, b) => Number(a === 'supervisor') - Number(b === 'supervisor') || a.localeCompare(b, 'en'))
}

/** Prints the last `count` lines of each log (within its last 256 KiB), by their times, and says where it stopped. */
export function printLogs(
  terminal: Terminal,
  installation: Installation,
  member: string | undefined,
  count: number,
): Offsets {
  const offsets: Offsets = new Map()
  const logs = selected(installation, member).map((name) => {
    offsets.set(name, logSizeBytes(installation, name))
    return timed(name, lastLines(logPath(installation, name), count), writtenMs(installation, name))
  })
  for (const { name, line } of inOrder(logs)) print(terminal, installation, member, name, line)
  return offsets
}

/** Prints what is written from `offsets` on, until the process is ended. Members that appear later are included. */
export async function followLogs(
  terminal: Terminal,
  clock: Clock,
  installation: Installation,
  member: string | undefined,
  offsets: Offsets,
): Promise<never> {
  const readers = new Map<string, LogReader>()
  for (;;) {
    const logs = selected(installation, member).map((name) => {
      let reader = readers.get(name)
      if (reader === undefined) {
        reader = new LogReader(logPath(installation, name), offsets.get(name) ?? 0)
        readers.set(name, reader)
      }
      return timed(name, reader.read(logSizeBytes(installation, name)), writtenMs(installation, name))
    })
    for (const { name, line } of inOrder(logs)) print(terminal, installation, member, name, line)
    await clock.sleep(POLL_MS)
  }
}

/** Gives the complete lines that were appended to one log since the last call. */
export class LogReader {
  readonly #path: string
  #offset: number
  #rest: Buffer = Buffer.alloc(0)

  constructor(path: string, offset: number) {
    this.#path = path
    this.#offset = offset
  }

  /** `sizeBytes` is the log's present size; smaller than what was read means that it was rotated. */
  read(sizeBytes: number): readonly string[] {
    const chunks = [this.#rest]
    if (sizeBytes < this.#offset) {
      chunks.push(readFrom(`${this.#path}.1`, this.#offset))
      this.#offset = 0
    }
    const fresh = readFrom(this.#path, this.#offset)
    this.#offset += fresh.length
    const bytes = Buffer.concat([...chunks, fresh])
    const end =
      bytes.length > LINE_MAX_CHARS && !bytes.includes(10) ? bytes.length : bytes.lastIndexOf(10) + 1
    this.#rest = bytes.subarray(end)
    const text = bytes.toString('utf8', 0, end)
    return text === '' ? [] : text.replace(/\n$/, '').split('\n')
  }
}

function readFrom(path: string, offset: number): Buffer {
  let descriptor: number
  try {
    descriptor = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return Buffer.alloc(0)
    throw error
  }
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES)
    return buffer.subarray(0, readSync(descriptor, buffer, 0, CHUNK_BYTES, offset))
  } finally {
    closeSync(descriptor)
  }
}

/** When the log was last written to, in milliseconds since 1970; 0 when it is gone. */
function writtenMs(installation: Installation, name: string): number {
  return statSync(logPath(installation, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function selected(installation: Installation, member: string | undefined): readonly string[] {
  return member === undefined ? knownLogs(installation) : [member]
}

function print(
  terminal: Terminal,
  installation: Installation,
  member: string | undefined,
  name: string,
  line: string,
): void {
  if (member !== undefined) return terminal.write(`${line}\n`)
  const names = knownLogs(installation)
  const width = Math.max(...names.map((known) => known.length))
  terminal.write(`${colourFor(names.indexOf(name), terminal.paint)(name.padEnd(width))} │ ${line}\n`)
}

function colourFor(index: number, paint: Paint): (text: string) => string {
  const colours = [paint.cyan, paint.green, paint.magenta, paint.yellow, paint.blue]
  return colours[index % colours.length]!
}
