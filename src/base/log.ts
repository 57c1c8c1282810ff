// Logging as JSON lines in a fleet and as readable lines on a terminal. Message texts are constant, values go in
// fields, and the field names are fixed: tier, member, driver, requestId, durationMs, code.
//
// error: someone must act; warn: degraded but handled; info: a state changed; debug: the rest. Nothing per request
// above debug. A line that is written for a request has its requestId.

import { systemClock } from './clock.ts'
import { currentRequest } from './context.ts'
import { describeError, isPlatformError } from './errors.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>

export interface Logger {
  debug(fields: LogFields, message: string): void
  info(fields: LogFields, message: string): void
  warn(fields: LogFields, message: string): void
  error(fields: LogFields, message: string): void
  /** The same logger with `fields` in every line. */
  child(fields: LogFields): Logger
}

export interface LoggerOptions {
  /** Lines below it are dropped. Default `info`. */
  readonly level?: LogLevel
  readonly format?: 'json' | 'text'
  /** Takes one line without its newline. Default: standard error. */
  readonly write?: (line: string) => void
  readonly now?: () => number
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 10, info: 20, warn: 30, error: 40 }
const SECRET_FIELD =
  /pass(word|wd|phrase)?(.?hash)?$|secret|token|jwt|cookie|authorization|credential|(api|private).?key|^key$/i

export function createLogger(options: LoggerOptions = {}, inherited: LogFields = {}): Logger {
  const { level = 'info', format = 'json' } = options
  const now = options.now ?? ((): number => systemClock.now())
  const write = options.write ?? ((line: string): void => void process.stderr.write(`${line}\n`))
  const log = (at: LogLevel, fields: LogFields, message: string): void => {
    if (RANK[at] < RANK[level]) return
    const requestId = currentRequest()?.requestId
    const all = { ...inherited, ...(requestId !== undefined && { requestId }), ...fields }
    const time = new Date(now()).toISOString()
    write(
      format === 'json'
        ? JSON.stringify({ time, level: at, ...plain(all), message })
        : text(time, at, all, message),
    )
  }
  return {
    debug: (fields, message) => log('debug', fields, message),
    info: (fields, message) => log('info', fields, message),
    warn: (fields, message) => log('warn', fields, message),
    error: (fields, message) => log('error', fields, message),
    child: (fields) => createLogger(options, { ...inherited, ...fields }),
  }
}

/** Fields as JSON can carry them: errors become one line and their code, secrets at any depth become `***`. */
function plain(fields: LogFields): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(fields)) {
    result[name] = shown(name, value, 0)
    if (!(value instanceof Error)) continue
    if (isPlatformError(value)) result['fix'] = value.fix
    else if (value.stack !== undefined) result['stack'] = value.stack
  }
  return result
}

// Bounds of one value: a request or a client is an object with thousands of others behind it, some of them in circles.
const MAX_DEPTH = 5
const MAX_ENTRIES = 100

/** A value that no writing of JSON can fail on: a line that cannot be written must not fail what it tells of. */
function shown(name: string, value: unknown, depth: number): unknown {
  if (SECRET_FIELD.test(name)) return '***'
  if (value instanceof Error) return withCauses(value)
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return value
  if (depth === MAX_DEPTH) return '…'
  try {
    if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((one) => shown('', one, depth + 1))
    if ('toJSON' in value && typeof value.toJSON === 'function')
      return shown(name, value.toJSON(name), depth + 1)
    const entries = Object.entries(value).slice(0, MAX_ENTRIES)
    return Object.fromEntries(entries.map(([key, one]) => [key, shown(key, one, depth + 1)]))
  } catch (error) {
    return `(cannot be shown: ${describeError(error)})`
  }
}

const MAX_CAUSES = 4

/** One line. Our own errors have the reason in their message; those of others have it in their causes alone. */
function withCauses(error: Error): string {
  const told = [describeError(error)]
  let at: unknown = isPlatformError(error) ? undefined : error.cause
  for (; at !== undefined && told.length <= MAX_CAUSES; at = at instanceof Error ? at.cause : undefined)
    told.push(describeError(at))
  return told.join('; because: ')
}

function text(time: string, level: LogLevel, fields: LogFields, message: string): string {
  const pairs = Object.entries(plain(fields))
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  return `${time.slice(11, 23)} ${level.padEnd(5)} ${message}${pairs.length > 0 ? `  ${pairs.join(' ')}` : ''}`
}
