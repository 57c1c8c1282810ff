// Every queue, buffer and body is bounded. These two bounds are shared; the others stand where they are used.

import { PlatformError } from './errors.ts'

export interface Semaphore {
  /**
   * Runs `work` when one of the places is free, in order of arrival.
   * @throws BASE_OVERLOADED at once when `maxWaiting` callers wait already.
   */
  run<T>(work: () => Promise<T>): Promise<T>
}

/** At most `places` run at once and at most `maxWaiting` wait. `what` names it in the error. */
export function semaphore(what: string, places: number, maxWaiting: number): Semaphore {
  let free = places
  const waiting: (() => void)[] = []
  return {
    async run(work) {
      if (free > 0) free--
      else {
        if (waiting.length >= maxWaiting)
          throw new PlatformError('BASE_OVERLOADED', { what, limit: maxWaiting })
        // The place is handed over by the one that leaves, so nobody can slip in between.
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      try {
        return await work()
      } finally {
        const successor = waiting.shift()
        if (successor) successor()
        else free++
      }
    },
  }
}

/** The bytes of `source`; throws what `exceeded()` gives as soon as more than `maxBytes` have come. */
export async function* limitBytes(
  source: AsyncIterable<Uint8Array>,
  maxBytes: number,
  exceeded: () => Error,
): AsyncGenerator<Uint8Array, void> {
  let seen = 0
  for await (const chunk of source) {
    seen += chunk.byteLength
    if (seen > maxBytes) throw exceeded()
    yield chunk
  }
}
