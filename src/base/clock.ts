// Time enters Pando only here. A function that waits or asks for the time takes a `Clock`, so that tests and
// simulations run on a fake one (`pando/testing`) and reach every interleaving without waiting.

/** Stops the timer it was returned for. Calling it again, or after the timer fired, does nothing. */
export type CancelTimer = () => void

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC. May jump when the system's clock is set: use it for dates only. */
  now(): number
  /** Milliseconds since an unspecified start; never goes back. Use it for every duration. */
  monotonic(): number
  /** Resolves after `ms` (0 to 2^31-1); rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
  /** Calls `callback` once after `ms`. The timer does not keep the process alive. */
  after(ms: number, callback: () => void): CancelTimer
  /** Calls `callback` every `ms`. The timer does not keep the process alive. */
  every(ms: number, callback: () => void): CancelTimer
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, signal) {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    if (signal?.aborted) {
      reject(signal.reason)
      return promise
    }
    const onAbort = (): void => {
      clearTimeout(timer)
      reject(signal?.reason)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }, ms)
    signal?.addEventListener('abort', onAbort, { once: true })
    return promise
  },
  after(ms, callback) {
    const timer = setTimeout(callback, ms).unref()
    return () => clearTimeout(timer)
  },
  every(ms, callback) {
    const timer = setInterval(callback, ms).unref()
    return () => clearInterval(timer)
  },
}
