// Everything long-lived starts and stops the same way. `startStop` turns two plain functions into a `Service` that
// obeys the rules whatever the order of the calls; `composeServices` starts in order and stops in reverse.
//
// States: stopped → starting → running → stopping → stopped. A start that fails stops what it began and is stopped
// again; calls that arrive in between wait for the transition under way.

/** What a member or service says of itself. `detail` is one line for a person. */
export interface Health {
  readonly state: 'stopped' | 'starting' | 'running' | 'stopping' | 'failed'
  readonly detail?: string
}

export interface Service {
  /** Resolves when it serves. A second call resolves with the first; after a failure it tries again. */
  start(signal?: AbortSignal): Promise<void>
  /** Resolves when everything it owns is closed, at the latest `deadlineMs` later; never rejects for being stopped. */
  stop(deadlineMs: number): Promise<void>
  readonly health: Health
}

export interface ServiceEffects {
  /** Opens everything. On failure it may leave things half open: `close` is called then. */
  open(signal: AbortSignal): Promise<void>
  /** Closes everything that is open; must work after a failed `open` and must not wait longer than `deadlineMs`. */
  close(deadlineMs: number): Promise<void>
}

const FAILED_START_CLOSE_MS = 5_000

export function startStop(effects: ServiceEffects): Service {
  let health: Health = { state: 'stopped' }
  let starting: Promise<void> | undefined
  let stopping: Promise<void> | undefined
  let abort = new AbortController()

  const open = async (outer: AbortSignal | undefined): Promise<void> => {
    if (stopping) await stopping
    abort = new AbortController()
    const signal = outer ? AbortSignal.any([outer, abort.signal]) : abort.signal
    health = { state: 'starting' }
    try {
      signal.throwIfAborted()
      await effects.open(signal)
      signal.throwIfAborted()
      health = { state: 'running' }
    } catch (error) {
      await effects.close(FAILED_START_CLOSE_MS)
      health = { state: 'failed', detail: String(error) }
      throw error
    }
  }
  const close = async (deadlineMs: number): Promise<void> => {
    if (starting) {
      abort.abort(new Error('stopped while starting'))
      await starting.catch(() => {})
    }
    if (health.state !== 'running') {
      health = { state: 'stopped' }
      return
    }
    health = { state: 'stopping' }
    await effects.close(deadlineMs)
    health = { state: 'stopped' }
  }

  return {
    get health() {
      return health
    },
    start(signal) {
      if (health.state === 'running') return Promise.resolve()
      starting ??= open(signal).finally(() => {
        starting = undefined
      })
      return starting
    },
    stop(deadlineMs) {
      stopping ??= close(deadlineMs).finally(() => {
        stopping = undefined
      })
      return stopping
    },
  }
}

/** One service of many: starts them in order, stops them in reverse with one shared deadline. */
export function composeServices(services: readonly Service[], monotonic: () => number): Service {
  return startStop({
    async open(signal) {
      for (const service of services) await service.start(signal)
    },
    async close(deadlineMs) {
      const endsAt = monotonic() + deadlineMs
      for (const service of services.toReversed()) await service.stop(Math.max(0, endsAt - monotonic()))
    },
  })
}
