// The pool of `pg`, with what a web process needs: waiting for a server that restarts, a bounded queue, connections that
// are closed and not reused when they are left with a transaction or a statement on them, a look at every connection for
// answers that never come, and an end that does not wait for ever.

import { AsyncResource } from 'node:async_hooks'
import pg from 'pg'
import { backoff } from '../../base/backoff.ts'
import type { CancelTimer, Clock } from '../../base/clock.ts'
import { currentRequest, type RequestContext } from '../../base/context.ts'
import { describeError, isPlatformError, PlatformError } from '../../base/errors.ts'
import type { Logger } from '../../base/log.ts'
import type { Random } from '../../base/random.ts'
import { describeConnection, type DatabaseConnection } from '../connection.ts'
import { connectVerdict, isServerError } from '../failure.ts'
import { SWEEP_MS } from './answer-limit.ts'
import { answered, isSubmittable, ManagedClient, type Done, type QueryArgument } from './client.ts'

export interface PoolOptions {
  readonly connection: DatabaseConnection
  readonly poolMax: number
  readonly poolMaxWaiting: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly clock: Clock
  readonly log: Logger
  readonly random: Random
}

type Checkout = (error: Error | undefined, client: PooledClient) => void
export type PooledClient = ManagedClient & { release(discard?: Error | boolean): void }

/** Beside an error there is no client, and nobody looks. */
const NO_CLIENT = undefined as never
const FIRST_RETRY_MS = 10
const DRAIN_LOOK_MS = 5
/** A destroyed socket says so within moments; one that still connects has a limit of its own and is not waited for. */
const DESTROY_MS = 100
/** Trying is cheap, where nobody listens most of all; what it is late by is added to every restart of the server. */
const LONGEST_RETRY_MS = 100

export class ManagedPool extends pg.Pool {
  private readonly settings: PoolOptions
  private readonly clients = new Set<PooledClient>()
  private stopSweeping: CancelTimer | undefined
  /** Refuses each statement that waits for a free connection. */
  private readonly inLine = new Set<() => void>()
  private closing = false

  constructor(settings: PoolOptions) {
    const { connection, connectTimeoutMs, statementTimeoutMs, clock } = settings
    const limits = { statementTimeoutMs, monotonic: () => clock.monotonic() }
    // The limit on connecting is the client's alone: given to the pool it would start a timer for every statement.
    class Client extends ManagedClient {
      constructor(config: pg.ClientConfig) {
        // The pool hides the password from enumeration, which a spread obeys.
        super({ ...config, password: config.password, connectionTimeoutMillis: connectTimeoutMs, limits })
      }
    }
    super({
      ...('url' in connection ? { connectionString: connection.url } : connection),
      Client: Client as never,
      max: settings.poolMax,
      idleTimeoutMillis: settings.idleTimeoutMs,
      statement_timeout: statementTimeoutMs,
      application_name: 'pando',
      keepAlive: true,
      // A pool that is idle keeps no process alive.
      allowExitOnIdle: true,
    })
    this.settings = settings
    this.on('connect', (client) => this.watch(client as unknown as PooledClient))
    this.on('remove', (client) => this.unwatch(client as unknown as PooledClient))
    // An idle connection that dies is replaced when one is needed; without a listener it would end the process.
    this.on('error', (error) =>
      settings.log.warn(
        { tier: 'database', reason: describeError(error) },
        'an idle database connection was lost',
      ),
    )
    this.on('release', (error, client) => this.closeUnlessClean(error, client as unknown as PooledClient))
  }

  private watch(client: PooledClient): void {
    this.clients.add(client)
    this.stopSweeping ??= this.settings.clock.every(SWEEP_MS, () => {
      for (const each of this.clients) each.sweep()
    })
  }

  private unwatch(client: PooledClient): void {
    this.clients.delete(client)
    if (this.clients.size > 0) return
    this.stopSweeping?.()
    this.stopSweeping = undefined
  }

  override connect(...args: readonly unknown[]): never {
    const [callback] = args
    if (typeof callback !== 'function') {
      return new Promise((resolve, reject) => {
        this.checkout((error, client) => (error ? reject(error) : resolve(client)))
      }) as never
    }
    // The pool calls back from whoever released the connection; the statement must still belong to this request.
    const bound = AsyncResource.bind(callback as (...values: unknown[]) => void)
    this.checkout((error, client) =>
      bound(error, client, error ? () => {} : (discard?: boolean) => client.release(discard)),
    )
    return undefined as never
  }

  override query(...args: readonly unknown[]): never {
    const [config, values, last] = args
    if (typeof config === 'function' || isSubmittable(config))
      return super.query(...(args as [never, never, never])) as never
    const callback = typeof values === 'function' ? values : last
    const parameters = typeof values === 'function' ? undefined : values
    const request = currentRequest()
    const send = (done: Done): void => this.execute(config as QueryArgument, parameters, request, done)
    if (typeof callback === 'function') return send(AsyncResource.bind(callback as Done)) as never
    return answered(send) as never
  }

  execute(config: QueryArgument, values: unknown, request: RequestContext | undefined, done: Done): void {
    this.checkout((refused, client) => {
      if (refused) return done(refused, NO_CLIENT)
      client.execute(config, values, request, (error, result) => {
        client.release(error !== undefined && !leavesSessionClean(error, config, values))
        // An idle connection had died unnoticed. The connection is discarded, so this ends with the last of them.
        if (error && wasNotSent(error)) this.execute(config, values, request, done)
        else done(error, result)
      })
    })
  }

  /** Gets a connection, waiting for a free one or for the server within the limits. */
  checkout(done: Checkout): void {
    if (this.closing || this.ending) return done(new PlatformError('DATABASE_CLOSED', undefined), NO_CLIENT)
    const startedAtMs = this.settings.clock.monotonic()
    if (this.idleCount === 0 && this.totalCount >= this.settings.poolMax)
      return this.waitInLine(startedAtMs, done)
    this.take(startedAtMs, done)
  }

  private take(startedAtMs: number, done: Checkout): void {
    super.connect((error: Error | undefined, client: pg.PoolClient | undefined) => {
      if (error) void this.takeAgain(error, startedAtMs, done)
      else done(undefined, reset(client))
    })
  }

  private async takeAgain(first: Error, startedAtMs: number, done: Checkout): Promise<void> {
    const { clock, random, connectTimeoutMs, connection } = this.settings
    const address = describeConnection(connection)
    let cause: unknown = first
    for (const delayMs of backoff({
      firstMs: FIRST_RETRY_MS,
      maxMs: LONGEST_RETRY_MS,
      attempts: Infinity,
      random,
    })) {
      const reason = describeError(cause)
      const waitedMs = Math.round(clock.monotonic() - startedAtMs)
      if (this.ending) return done(new PlatformError('DATABASE_CLOSED', undefined), NO_CLIENT)
      if (connectVerdict(cause) === 'denied') {
        const details = { address, user: userOf(connection), reason }
        return done(new PlatformError('DATABASE_ACCESS_DENIED', details, { cause }), NO_CLIENT)
      }
      if (waitedMs + delayMs > connectTimeoutMs)
        return done(
          new PlatformError('DATABASE_UNREACHABLE', { address, waitedMs, reason }, { cause }),
          NO_CLIENT,
        )
      await clock.sleep(delayMs)
      let client: pg.PoolClient
      try {
        client = await super.connect()
      } catch (error) {
        cause = error
        continue
      }
      return done(undefined, reset(client))
    }
  }

  private waitInLine(startedAtMs: number, done: Checkout): void {
    const { clock, poolMax, poolMaxWaiting, connectTimeoutMs } = this.settings
    if (this.waitingCount >= poolMaxWaiting) {
      const limit = `database.poolMaxWaiting = ${poolMaxWaiting} statements in the queue`
      return done(new PlatformError('DATABASE_POOL_EXHAUSTED', { limit, waitedMs: 0 }), NO_CLIENT)
    }
    let settled = false
    const settle = (error: Error | undefined, client: PooledClient): void => {
      settled = true
      stopTimer()
      this.inLine.delete(refuse)
      done(error, client)
    }
    const refuse = (): void => settle(new PlatformError('DATABASE_CLOSED', undefined), NO_CLIENT)
    const stopTimer = clock.after(connectTimeoutMs, () => {
      const limit = `database.poolMax = ${poolMax} connections in each process`
      settle(new PlatformError('DATABASE_POOL_EXHAUSTED', { limit, waitedMs: connectTimeoutMs }), NO_CLIENT)
    })
    this.inLine.add(refuse)
    this.take(startedAtMs, (error, client) => {
      if (!settled) settle(error, client)
      else if (!error) client.release()
    })
  }

  /** A connection that still has a transaction or a statement on it would hand both to the next user. */
  private closeUnlessClean(error: unknown, client: PooledClient): void {
    if (error || (client.inFlight === 0 && client.getTransactionStatus() === 'I')) return
    this.settings.log.warn(
      { tier: 'database' },
      'a connection was released with a transaction or statement on it and is closed',
    )
    void client.end()
  }

  /** Serves what has begun, for `deadlineMs` at most; then whoever waits is refused and every connection is closed. */
  async closeWithin(deadlineMs: number): Promise<void> {
    if (this.ended) return
    const { clock } = this.settings
    this.closing = true
    const endsAtMs = clock.monotonic() + deadlineMs
    // The pool of `pg` forgets those who wait when it ends.
    while (this.waitingCount > 0 && clock.monotonic() < endsAtMs) await clock.sleep(DRAIN_LOOK_MS)
    for (const refuse of this.inLine) refuse()
    const ended = this.ending ? Promise.resolve() : super.end()
    const timer = new AbortController()
    const late = clock.sleep(Math.max(0, endsAtMs - clock.monotonic()), timer.signal).then(
      () => 'late',
      () => 'in time',
    )
    const outcome = await Promise.race([ended.then(() => 'in time'), late])
    timer.abort()
    if (outcome === 'in time') return
    for (const client of this.clients) client.destroy()
    await Promise.race([ended, clock.sleep(DESTROY_MS)])
  }
}

function reset(client: unknown): PooledClient {
  const pooled = client as PooledClient
  pooled.lastFailure = undefined
  return pooled
}

/** A single parameterised statement that failed has rolled itself back; several in one text may have begun something. */
function leavesSessionClean(error: Error, config: QueryArgument, values: unknown): boolean {
  if (isPlatformError(error) ? error.code !== 'DATABASE_STATEMENT_TIMEOUT' : !isServerError(error))
    return false
  const { name, values: own } = typeof config === 'string' ? {} : (config as Partial<pg.QueryConfig>)
  const parameters: unknown = values ?? own
  return name !== undefined || (Array.isArray(parameters) && parameters.length > 0)
}

/**
 * The socket refused bytes of the statement: PostgreSQL takes only whole messages, and commits at the Sync message, which
 * is the last. So it had no effect.
 */
function wasNotSent(error: Error): boolean {
  if (!isPlatformError(error, 'DATABASE_CONNECTION_LOST')) return false
  return error.cause instanceof Error && 'code' in error.cause && error.cause.code === 'EPIPE'
}

function userOf(connection: DatabaseConnection): string {
  return 'url' in connection ? new URL(connection.url).username : connection.user
}
