// For promises of others: an engine or a router promises to answer in time, and one that breaks the promise must not
// stop the supervisor. What is given up on goes on by itself; its result is ignored.

import type { Clock } from '../base/clock.ts'

/** The result of `promise`, or a rejection that names the limit. */
export async function within<T>(clock: Clock, limitMs: number, promise: Promise<T>): Promise<T> {
  const { promise: limit, reject } = Promise.withResolvers<never>()
  const cancel = clock.after(limitMs, () => reject(new Error(`gave no answer within ${limitMs} ms`)))
  try {
    return await Promise.race([promise, limit])
  } finally {
    cancel()
  }
}
