// One connection of `pg`, with what the tier adds to every statement: cancelling when the visitor goes away, a limit on
// the wait for its answer, this tier's errors, and observation. The statement itself, its parameters and its result are
// `pg`'s own.

import pg from 'pg'
import { currentRequest, type RequestContext } from '../../base/context.ts'
import { describeError, isPlatformError, PlatformError } from '../../base/errors.ts'
import { endsSession, isLostConnection, isServerError, isStatementTimeout } from '../failure.ts'
import { queryChannel, type QueryObservation } from '../observe.ts'
import { AnswerLimit, type Ask } from './answer-limit.ts'
import { sendCancelRequest } from './cancel.ts'

export type Done = (error: Error | undefined, result: pg.QueryResult) => void
export type QueryArgument = string | (pg.QueryConfig & { readonly callback?: unknown })

/** What `pg` does not declare (pg/lib/client.js). */
interface ClientInternals {
  readonly processID: number | null
  readonly secretKey: number | null
  readonly ssl: unknown
  readonly connection: { readonly stream: { destroy(): void } }
}

export interface ClientLimits {
  readonly statementTimeoutMs: number
  readonly monotonic: () => number
}

export interface ManagedClientConfig extends pg.ClientConfig {
  readonly limits: ClientLimits
}

export class ManagedClient extends pg.Client {
  /** Statements sent or queued and not answered. */
  inFlight = 0
  lost = false
  lastFailure: unknown = undefined
  private abandonedFor: string | undefined
  /** How long an answer was waited for in vain. */
  private unansweredMs: number | undefined
  private readonly answerLimit: AnswerLimit
  private readonly limits: ClientLimits

  constructor(config: ManagedClientConfig) {
    super(config)
    this.limits = config.limits
    this.answerLimit = new AnswerLimit(config.limits.statementTimeoutMs)
    // Without a listener the death of a connection in use would end the process; its statements report it.
    this.on('error', () => {
      this.lost = true
    })
    this.on('end', () => {
      this.lost = true
    })
  }

  /** All of `pg`'s overloads; `never` is what fits each of their results. */
  override query(...args: readonly unknown[]): never {
    const [config, values, last] = args
    // A cursor or stream speaks the protocol itself; only it knows whether it waits for the server or for its reader.
    if (isSubmittable(config)) return super.query(config as never, values as never, last as never) as never
    const callback =
      typeof values === 'function'
        ? values
        : (last ?? (config as pg.QueryConfig & { callback?: unknown }).callback)
    const parameters = typeof values === 'function' ? undefined : values
    const send = (done: Done): void =>
      this.execute(config as QueryArgument, parameters, currentRequest(), done)
    if (typeof callback === 'function') return send(callback as Done) as never
    return answered(send) as never
  }

  /** Sends one statement; `done` is called exactly once, also for an error while sending. */
  execute(config: QueryArgument, values: unknown, request: RequestContext | undefined, done: Done): void {
    const observation = queryChannel.hasSubscribers ? this.observe(config, request) : undefined
    let unwatch: (() => void) | undefined
    const text = typeof config === 'string' ? config : config?.text
    let settled = false
    const settle = (failure: Error | null | undefined, result: pg.QueryResult): void => {
      settled = true
      this.inFlight--
      unwatch?.()
      this.answerLimit.answered(text, this.getTransactionStatus() !== 'I', this.ask)
      const error = failure ? this.translate(failure) : undefined
      if (error) this.lastFailure = error
      observation?.(error, result)
      done(error, result)
    }
    this.answerLimit.notice(text)
    if (this.inFlight++ === 0) this.answerLimit.restart()
    try {
      super.query(config as string, values as unknown[], settle)
    } catch (error) {
      settle(error as Error, undefined as never)
    }
    if (request && !settled) unwatch = request.onDisconnect(() => settled || this.abandon(config, request))
  }

  /**
   * Cancels the statement under way and closes the connection, both at once: see cancel.ts. What ends a transaction is
   * let through, because its outcome is already decided.
   */
  private abandon(config: QueryArgument, request: RequestContext): void {
    if (/^\s*(commit|end|rollback)\b/i.test(typeof config === 'string' ? config : config.text)) return
    this.abandonedFor = request.requestId
    this.cutOff()
  }

  /** Called every `SWEEP_MS`: gives up a statement that the server does not answer. */
  sweep(): void {
    if (this.inFlight === 0 || this.unansweredMs !== undefined || !this.answerLimit.isOverdue()) return
    this.unansweredMs = this.answerLimit.ms
    this.cutOff()
  }

  /** Closes the connection without a word to a server that may not listen; statements under way fail. */
  destroy(): void {
    void this.end()
    ;(this as unknown as ClientInternals).connection.stream.destroy()
  }

  /** Has the server end what the connection does, if it can be reached, and closes it. */
  private cutOff(): void {
    const { processID, secretKey, ssl } = this as unknown as ClientInternals
    // Over TLS the key would have to go unencrypted; there the server finds the closed connection by itself.
    if (processID !== null && secretKey !== null && !ssl)
      sendCancelRequest({ host: this.host, port: this.port, processID, secretKey })
    this.destroy()
  }

  /** Beside the user's statements: not counted, not observed, and nobody's failure. */
  private readonly ask: Ask = (text, done) => {
    super.query<{ setting: string }>(text, (error: Error | null, result) =>
      done(error ? undefined : result.rows[0]?.setting),
    )
  }

  private translate(error: Error): Error {
    if (isPlatformError(error)) return error
    if (this.abandonedFor !== undefined)
      return new PlatformError('DATABASE_CANCELLED', { requestId: this.abandonedFor }, { cause: error })
    if (isStatementTimeout(error))
      return new PlatformError(
        'DATABASE_STATEMENT_TIMEOUT',
        { timeoutMs: this.limits.statementTimeoutMs },
        { cause: error },
      )
    if (this.unansweredMs !== undefined) {
      this.lost = true
      const cause = new Error(`the server gave no answer for ${this.unansweredMs} ms`, { cause: error })
      return new PlatformError('DATABASE_CONNECTION_LOST', { reason: cause.message }, { cause })
    }
    // A mistake in the call (no text, values that cannot be sent) is reported by `pg` on a living connection.
    if (isServerError(error) ? endsSession(error) : this.lost || isLostConnection(error)) {
      this.lost = true
      return new PlatformError('DATABASE_CONNECTION_LOST', { reason: describeError(error) }, { cause: error })
    }
    return error
  }

  private observe(
    config: QueryArgument,
    request: RequestContext | undefined,
  ): (error: Error | undefined, result: pg.QueryResult | undefined) => void {
    const startedAtMs = this.limits.monotonic()
    const observation: QueryObservation = {
      text: typeof config === 'string' ? config : config.text,
      requestId: request?.requestId,
    }
    queryChannel.start.publish(observation)
    return (error, result) => {
      observation.durationMs = this.limits.monotonic() - startedAtMs
      if (error) observation.errorCode = 'code' in error ? String(error.code) : error.name
      else observation.rows = result?.rowCount ?? 0
      queryChannel.asyncEnd.publish(observation)
    }
  }
}

/** The promise of a statement. Its error gets the stack of the code that waits, not that of the socket. */
export async function answered(send: (done: Done) => void): Promise<pg.QueryResult> {
  try {
    return await new Promise<pg.QueryResult>((resolve, reject) => {
      send((error, result) => (error ? reject(error) : resolve(result)))
    })
  } catch (error) {
    if (error instanceof Error) Error.captureStackTrace(error)
    throw error
  }
}

export function isSubmittable(config: unknown): boolean {
  return (
    typeof config === 'object' && config !== null && 'submit' in config && typeof config.submit === 'function'
  )
}
