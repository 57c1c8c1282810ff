// Removes expired results by a timer, so that no visitor waits for it. Every process does; they skip each other's rows.

import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Database } from '../database.ts'
import { removeExpired } from './table.ts'

const EVERY_MS = 60_000
const BATCH = 1_000
/** Of one turn; what is left waits for the next. */
const MAX_BATCHES = 100

export interface Cleaning {
  /** Begins; once only, however often it is called. The caller's request must not be the one it runs for. */
  start(): void
  /** Ends after the batch under way. */
  stop(): Promise<void>
}

export interface CleaningEnvironment {
  readonly transaction: Database['transaction']
  readonly clock: Clock
  readonly log: Logger
}

export function createCleaning({ transaction, clock, log }: CleaningEnvironment): Cleaning {
  const stopping = new AbortController()
  let cancel: (() => void) | undefined
  let running: Promise<void> | undefined
  const clean = async (): Promise<void> => {
    try {
      for (let batch = 0; batch < MAX_BATCHES && !stopping.signal.aborted; batch++)
        if ((await transaction((tx) => removeExpired(tx, clock.now(), BATCH))) < BATCH) break
    } catch (error) {
      log.warn({ tier: 'database', error }, 'expired results of `once` could not be removed')
    }
  }
  return {
    start() {
      if (stopping.signal.aborted) return
      cancel ??= clock.every(EVERY_MS, () => {
        running ??= clean().finally(() => {
          running = undefined
        })
      })
    },
    async stop() {
      stopping.abort()
      cancel?.()
      await running
    },
  }
}
