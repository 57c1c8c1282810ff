// Lets a few at a time do something expensive, the others wait in order, and nobody wait in a queue without end.

/** The queue is full. Nothing was done. */
export class Busy extends Error {
  override readonly name = 'Busy'
}

export interface Semaphore {
  /** Runs `work` when its turn comes. @throws Busy when too many wait already */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createSemaphore(concurrent: number, maxWaiting: number): Semaphore {
  // pando: per-process each process limits its own work
  const waiting: (() => void)[] = []
  // pando: per-process each process limits its own work
  let running = 0

  /** A finished one hands its place to the first in the queue, so `running` changes only when nobody waits. */
  const release = (): void => {
    const next = waiting.shift()
    if (next === undefined) running -= 1
    else next()
  }

  return {
    async run(work) {
      if (running < concurrent) running += 1
      else if (waiting.length < maxWaiting) await new Promise<void>((resolve) => waiting.push(resolve))
      else throw new Busy('too many are waiting')
      try {
        return await work()
      } finally {
        release()
      }
    },
  }
}
