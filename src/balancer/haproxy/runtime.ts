// HAProxy's runtime interface: one line of commands in, text out, over the master's Unix socket. Behind the master are
// the worker that meets the visitors and, after a reload, older ones that finish what they have; `@!PID` addresses one.
//
// The client only asks and reads; reconcile.ts decides what to say.

import { connect } from 'node:net'
import { join } from 'node:path'
import { socketDirectory, type Installation } from '../../base/installation.ts'
import { BACKEND, FRONTEND } from './configuration.ts'

/** A statistics page has about 700 bytes a server, and there are at most 64. */
const MAX_BYTES = 4 * 1_048_576

/** Names in the directory of sockets; short, because HAProxy binds to a longer one and renames it. */
export const runtimeSocketName = (member: string): string => `${member}.sock`
export const masterSocketName = (member: string): string => `${member}-master.sock`

export function runtimeSocket(installation: Installation, member: string): string {
  return join(socketDirectory(installation, 'run'), runtimeSocketName(member))
}

export function masterSocket(installation: Installation, member: string): string {
  return join(socketDirectory(installation, 'run'), masterSocketName(member))
}

/** The whole answer to `commands`. Rejects when the socket is not there, or `signal` aborts, or it says too much. */
export function askHaproxy(
  socketPath: string,
  commands: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(socketPath)
  const stop = (): void => void socket.destroy(new Error('gave no answer in time'))
  let text = ''
  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    text += chunk
    if (text.length > MAX_BYTES) socket.destroy(new Error(`answers more than ${MAX_BYTES} bytes`))
  })
  socket.once('error', reject)
  // After the end of what is said, HAProxy answers and closes.
  socket.once('end', () => resolve(text))
  socket.once('close', () => {
    signal.removeEventListener('abort', stop)
    reject(new Error('closed the connection'))
  })
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  socket.end(`${commands.join('; ')}\n`)
  return promise
}

export interface Workers {
  /** The one that accepts connections; undefined while none does. */
  readonly current: number | undefined
  /** Replaced by a reload, with requests or idle connections left. */
  readonly old: readonly number[]
  /** Reloads that the master could not carry out. */
  readonly failedReloads: number
}

/** From `show proc` of the master. Pure. */
export function readWorkers(text: string): Workers {
  const [present = '', past = ''] = text.split('# old workers')
  const workersIn = (part: string): number[] =>
    [...part.matchAll(/^(\d+)\s+worker\s/gm)].map((match) => Number(match[1]))
  const failed = /\[failed: (\d+)\]/.exec(text)
  return {
    current: workersIn(present).at(-1),
    old: workersIn(past),
    failedReloads: failed === null ? 0 : Number(failed[1]),
  }
}

/** One line of `show servers state`. */
export interface ServerState {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Flags: `SRV_ADMF_…` in HAProxy's server-t.h. */
  readonly admin: number
  readonly weight: number
}

/** Counters of one worker, from `show stat`. */
export interface Counters {
  readonly requests: number
  readonly failed: number
  readonly waiting: number
  readonly waitMs: number
  /** By server. */
  readonly active: ReadonlyMap<string, number>
  readonly served: ReadonlyMap<string, number>
}

/** All that one worker says of itself. */
export interface WorkerReport {
  readonly servers: readonly ServerState[]
  readonly counters: Counters
}

/** The commands whose answers `readReport` reads. */
export const REPORT_COMMANDS: readonly string[] = [`show servers state ${BACKEND}`, 'show stat']

/** Undefined when the text is not whole. Pure. */
export function readReport(text: string): WorkerReport | undefined {
  const states = tableIn(text, '# be_id ', ' ').filter((row) => row['be_name'] === BACKEND)
  const stats = tableIn(text, '# pxname,', ',')
  const frontend = stats.find((row) => row['pxname'] === FRONTEND && row['svname'] === 'FRONTEND')
  const backend = stats.find((row) => row['pxname'] === BACKEND && row['svname'] === 'BACKEND')
  if (states.length === 0 || frontend === undefined || backend === undefined) return undefined
  const servers = stats.filter((row) => row['pxname'] === BACKEND && row['svname'] !== 'BACKEND')
  const byServer = (field: string): Map<string, number> =>
    new Map(servers.map((row) => [row['svname']!, numberIn(row, field)]))
  const sum = (field: string): number => servers.reduce((total, row) => total + numberIn(row, field), 0)
  return {
    servers: states.map((row) => ({
      name: row['srv_name']!,
      host: row['srv_addr']!,
      port: numberIn(row, 'srv_port'),
      admin: numberIn(row, 'srv_admin_state'),
      weight: numberIn(row, 'srv_uweight'),
    })),
    counters: {
      requests: numberIn(frontend, 'req_tot'),
      failed: failedOf(backend, sum('hrsp_5xx')),
      waiting: numberIn(backend, 'qcur') + sum('qcur'),
      waitMs: numberIn(backend, 'qtime'),
      active: byServer('scur'),
      served: byServer('stot'),
    },
  }
}

const STATUS_CLASSES = ['hrsp_1xx', 'hrsp_2xx', 'hrsp_3xx', 'hrsp_4xx', 'hrsp_5xx', 'hrsp_other']

/**
 * Three kinds of failure, none of which has a counter of its own. Refusals that HAProxy made: the servers' rows count
 * what servers answered, the backend's row counts those too. Connections closed without a word: a request that came,
 * is not in work and has no status (a kept connection to a server that died, RFC 9112 §9.3.1). Answers that broke off.
 */
function failedOf(backend: Row, serverErrors: number): number {
  const answered = STATUS_CLASSES.reduce((total, field) => total + numberIn(backend, field), 0)
  const silent = numberIn(backend, 'stot') - answered - numberIn(backend, 'scur')
  const refused = numberIn(backend, 'hrsp_5xx') - serverErrors
  return Math.max(0, silent) + Math.max(0, refused) + numberIn(backend, 'srv_abrt')
}

type Row = Readonly<Record<string, string | undefined>>

/** The lines after the one that begins with `heading`, up to an empty one, by the names in it. */
function tableIn(text: string, heading: string, separator: string): Row[] {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith(heading))
  if (start === -1) return []
  const names = lines[start]!.slice(2).split(separator)
  const end = lines.findIndex((line, index) => index > start && line.trim() === '')
  return lines.slice(start + 1, end === -1 ? undefined : end).map((line) => {
    const values = line.split(separator)
    return Object.fromEntries(names.map((name, index) => [name, values[index]]))
  })
}

function numberIn(row: Row, field: string): number {
  return Number(row[field] ?? 0) || 0
}
