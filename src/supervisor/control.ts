// The supervisor's control socket: HTTP with JSON over a Unix socket in a directory of mode 700, so that whoever may
// control an installation is whoever owns it. `GET /report` answers what runs; `POST /stop` (`?fast`) begins a stop and
// `POST /change` a live change (change.ts), and both answer before it is done.

import { rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import {
  CATALOGUE,
  describeError,
  isPlatformError,
  PlatformError,
  type ErrorCode,
  type ErrorDetails,
} from '../base/errors.ts'
import { socketDirectory, type Installation } from '../base/installation.ts'
import { askLocal, type LocalAnswer, type LocalQuestion } from '../base/local-http.ts'
import type { ChangeRequest } from './change.ts'
import type { Report } from './status.ts'

export interface ControlHandlers {
  report(): Report
  stop(fast: boolean): void
  /** Begins a change and resolves with its id. @throws SUPERVISOR_CHANGE_UNDER_WAY, … as change.ts says */
  change(request: ChangeRequest): Promise<string>
}

/** Far above any report; a larger answer is refused. */
const ANSWER_MAX_BYTES = 4 * 1024 * 1024
/** A plan of 64 web servers is a tenth of it; a larger change is refused. */
const CHANGE_MAX_BYTES = 1024 * 1024

function controlSocket(installation: Installation): string {
  return join(socketDirectory(installation, 'run'), 'control.sock')
}

/** Listens; the caller has the supervisor's lock, so a socket that is there is a dead one's. Resolves with `close`. */
export async function serveControl(
  installation: Installation,
  handlers: ControlHandlers,
): Promise<() => Promise<void>> {
  const path = controlSocket(installation)
  rmSync(path, { force: true })
  const server = createServer((incoming, outgoing) => {
    const route = `${incoming.method} ${incoming.url}`
    if (route === 'POST /change') {
      void answerChange(incoming, outgoing, handlers)
      return
    }
    incoming.resume()
    outgoing.setHeader('content-type', 'application/json')
    if (route === 'GET /report') outgoing.end(JSON.stringify(handlers.report()))
    else if (route === 'POST /stop' || route === 'POST /stop?fast') {
      handlers.stop(route.endsWith('?fast'))
      outgoing.writeHead(202).end('{}')
    } else outgoing.writeHead(404).end('{}')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
}

async function answerChange(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handlers: ControlHandlers,
): Promise<void> {
  outgoing.setHeader('content-type', 'application/json')
  try {
    const id = await handlers.change(await readChange(incoming))
    outgoing.writeHead(202).end(JSON.stringify({ id }))
  } catch (error) {
    // Also what nobody foresaw, such as engines that cannot be loaded: it is a matter of this change, and thrown on it
    // would end the supervisor.
    const told = isPlatformError(error)
      ? error
      : new PlatformError('SUPERVISOR_CHANGE_INVALID', { reason: describeError(error) }, { cause: error })
    const { code, message, fix, details } = told
    const status = code === 'SUPERVISOR_CHANGE_UNDER_WAY' ? 409 : 400
    outgoing.writeHead(status, { connection: 'close' }).end(JSON.stringify({ code, message, fix, details }))
  }
}

const KINDS: readonly string[] = [
  'apply',
  'scale',
  'drain',
  'restore',
  'restart',
] satisfies ChangeRequest['kind'][]

/** Whoever can write here owns the installation and sends what `askChange` made: only what cannot be one is told apart. */
async function readChange(incoming: IncomingMessage): Promise<ChangeRequest> {
  const invalid = (reason: string): PlatformError =>
    new PlatformError('SUPERVISOR_CHANGE_INVALID', { reason })
  let text = ''
  try {
    for await (const chunk of incoming.setEncoding('utf8')) {
      text += chunk as string
      if (Buffer.byteLength(text) > CHANGE_MAX_BYTES) break
    }
  } catch (error) {
    throw invalid(describeError(error))
  }
  if (Buffer.byteLength(text) > CHANGE_MAX_BYTES) throw invalid(`it is larger than ${CHANGE_MAX_BYTES} bytes`)
  try {
    const request = JSON.parse(text) as ChangeRequest
    if (KINDS.includes(request.kind)) return request
  } catch {
    throw invalid('it is not JSON')
  }
  throw invalid('it is of no known kind')
}

/** @throws SUPERVISOR_UNREACHABLE when there is no supervisor, or none that answers within `timeoutMs`. */
export async function askReport(installation: Installation, timeoutMs = 2_000): Promise<Report> {
  const { text } = await ask(installation, { path: '/report', timeoutMs })
  return JSON.parse(text) as Report
}

/** Begins a clean stop; with `fast` every grace ends after a second. @throws SUPERVISOR_UNREACHABLE */
export async function askStop(installation: Installation, fast: boolean, timeoutMs = 2_000): Promise<void> {
  await ask(installation, { method: 'POST', path: fast ? '/stop?fast' : '/stop', timeoutMs })
}

/**
 * Begins a live change and resolves with its id, by which `Report.change` tells how it goes on.
 * @throws SUPERVISOR_CHANGE_UNDER_WAY, SUPERVISOR_NOT_UP when it is to be asked again later
 * @throws SUPERVISOR_UNKNOWN_MEMBER, SUPERVISOR_NOT_ROUTED, SUPERVISOR_NOT_DRAINED, SUPERVISOR_SCALE_LIMIT,
 * SUPERVISOR_CHANGE_NEEDS_RESTART, SUPERVISOR_CHANGE_INVALID when it cannot be done
 * @throws SUPERVISOR_UNREACHABLE
 */
export async function askChange(
  installation: Installation,
  request: ChangeRequest,
  timeoutMs = 10_000,
): Promise<{ readonly id: string }> {
  const body = JSON.stringify(request)
  const { status, text } = await ask(installation, { method: 'POST', path: '/change', body, timeoutMs })
  const answer = JSON.parse(text) as { id: string } | { code: ErrorCode; details: ErrorDetails<ErrorCode> }
  if (status === 202 && 'id' in answer) return answer
  if ('code' in answer && answer.code in CATALOGUE) throw new PlatformError(answer.code, answer.details)
  throw new PlatformError('SUPERVISOR_CHANGE_INVALID', { reason: `it answers ${status}` })
}

async function ask(
  installation: Installation,
  question: Omit<LocalQuestion, 'socketPath' | 'maxBytes'>,
): Promise<LocalAnswer> {
  const socketPath = controlSocket(installation)
  try {
    return await askLocal({ ...question, socketPath, maxBytes: ANSWER_MAX_BYTES })
  } catch (cause) {
    const details = { socket: socketPath, reason: describeError(cause) }
    throw new PlatformError('SUPERVISOR_UNREACHABLE', details, { cause })
  }
}
