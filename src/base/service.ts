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
  let abort = new AbortController()
  // The transition asked for last, while it or one before it is under way.
  let last: { readonly kind: 'start' | 'stop'; readonly done: Promise<void> } | undefined

  const open = async (signal: AbortSignal): Promise<void> => {
    if (health.state === 'running') return
    signal.throwIfAborted()
    health = { state: 'starting' }
    try {
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
    if (health.state === 'running') {
      health = { state: 'stopping' }
      await effects.close(deadlineMs)
    }
    health = { state: 'stopped' }
  }
  /** Joins the transition asked for last when it is the same, else follows it. */
  const transition = (kind: 'start' | 'stop', work: () => Promise<void>): Promise<void> => {
    if (last?.kind === kind) return last.done
    const before = last?.done ?? Promise.resolve()
    const done = before.then(work, work)
    const mine = { kind, done }
    last = mine
    const forget = (): void => {
      if (last === mine) last = undefined
    }
    done.then(forget, forget)
    return done
  }

  return {
    get health() {
      return health
    },
    start(signal) {
      if (last?.kind === 'start') return last.done
      abort = new AbortController()
      const stopped = abort.signal
      return transition('start', () => open(signal ? AbortSignal.any([signal, stopped]) : stopped))
    },
    stop(deadlineMs) {
      abort.abort(new Error('stopped while starting'))
      return transition('stop', () => close(deadlineMs))
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
