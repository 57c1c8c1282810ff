// `once`: the work and the row that says it was done are one transaction, so a crash leaves both or neither, and the
// unique index on the key makes a repetition wait for the transaction that came first.
//
// A COMMIT whose answer was lost is no question here: the same again finds the row, or does the work.

import { currentRequest, runForNoRequest } from '../../base/context.ts'
import { isPlatformError, PlatformError } from '../../base/errors.ts'
import type { Database, Jsonified, OnceOptions, Transaction, TransactionOptions } from '../database.ts'
import { createCleaning, type CleaningEnvironment } from './cleaning.ts'
import { onceKeyOf, type OnceKey } from './key.ts'
import { areMade, makeTables } from '../own-tables.ts'
import { claim, keep, ONCE_TABLE, type KeptResult } from './table.ts'

/** How long a result is given to repetitions. Clients try again for minutes; people look the next morning. */
const RETENTION_MS = 24 * 60 * 60 * 1_000
const RESULT_MAX_BYTES = 128 * 1024
/** A frozen process must not hold a key for longer than a balancer and a visitor wait. */
const IDLE_MS = 5_000
/** Runs for one call, when the connection was lost during COMMIT each time. */
const COMMITS_MAX = 4

export interface Once {
  readonly run: Database['once']
  /** Waits for what it is removing just now. */
  stop(): Promise<void>
}

export function createOnce(environment: CleaningEnvironment): Once {
  const { transaction } = environment
  const used = Symbol('pando.database.once')
  const cleaning = createCleaning(environment)
  let preparing: Promise<void> | undefined

  const prepare = async (): Promise<void> => {
    try {
      // Shared by requests: it must not end with the visitor of the first.
      await (preparing ??= runForNoRequest(async () => {
        const isMade = await transaction(({ sql }) => areMade(sql, ONCE_TABLE))
        if (!isMade) await transaction((tx) => makeTables(tx, ONCE_TABLE))
        cleaning.start()
      }))
    } catch (error) {
      preparing = undefined
      throw error
    }
  }
  return {
    async run(work, options = {}) {
      const request = currentRequest()
      const key = onceKeyOf(request, options)
      const call = { environment, key, work, options }
      if (request === undefined || !key.ofRequest) {
        await prepare()
        return applyOnce(call)
      }
      if (request.kept.has(used))
        throw new PlatformError('DATABASE_ONCE_KEY_MISSING', {
          reason: 'another call has used the key of this request',
        })
      request.kept.set(used, true)
      try {
        await prepare()
        return await applyOnce(call)
      } catch (error) {
        // Nothing was kept under it.
        request.kept.delete(used)
        throw error
      }
    },
    stop: () => cleaning.stop(),
  }
}

interface Call<T> {
  readonly environment: CleaningEnvironment
  readonly key: OnceKey
  readonly work: (tx: Transaction) => Promise<T>
  readonly options: OnceOptions
}

async function applyOnce<T>(call: Call<T>): Promise<Jsonified<T>> {
  for (let commits = 1; ; commits++) {
    const reached = { commit: false }
    try {
      const text = await attempt(call, reached)
      return (text === undefined ? undefined : JSON.parse(text)) as Jsonified<T>
    } catch (error) {
      // One of another transaction within `work` is not ours to repeat.
      const isUnknown = reached.commit && isPlatformError(error, 'DATABASE_COMMIT_UNKNOWN')
      if (!isUnknown || commits >= COMMITS_MAX) throw error
    }
  }
}

/** The result as JSON; undefined: the work gave nothing. */
function attempt<T>(
  { environment, key, work, options }: Call<T>,
  reached: { commit: boolean },
): Promise<string | undefined> {
  const { transaction, clock } = environment
  return transaction(async (tx) => {
    // This may be another run of the same attempt.
    reached.commit = false
    const { digest, fingerprint } = key
    const nowMs = clock.now()
    const kept = await claim(tx, {
      key: digest,
      fingerprint,
      nowMs,
      expiresAtMs: nowMs + RETENTION_MS,
      idleMs: IDLE_MS,
    })
    let text: string | undefined
    if (kept === undefined) {
      text = textOf(await work(tx))
      if (text !== undefined) await keep(tx, digest, text)
    } else text = resultFor(key, kept)
    reached.commit = true
    return text
  }, transactionOptions(options))
}

function transactionOptions({ isolation, attempts }: OnceOptions): TransactionOptions {
  return { ...(isolation !== undefined && { isolation }), ...(attempts !== undefined && { attempts }) }
}

/** @throws DATABASE_ONCE_MISMATCH */
function resultFor(key: OnceKey, { fingerprint, result }: KeptResult): string | undefined {
  if (!key.fingerprint.equals(fingerprint))
    throw new PlatformError('DATABASE_ONCE_MISMATCH', { from: key.from })
  return result ?? undefined
}

/** @throws DATABASE_ONCE_RESULT_INVALID */
function textOf(result: unknown): string | undefined {
  let text: string | undefined
  try {
    text = JSON.stringify(result)
  } catch (cause) {
    throw new PlatformError('DATABASE_ONCE_RESULT_INVALID', { problem: (cause as Error).message }, { cause })
  }
  const bytes = text === undefined ? 0 : Buffer.byteLength(text)
  if (bytes <= RESULT_MAX_BYTES) return text
  throw new PlatformError('DATABASE_ONCE_RESULT_INVALID', {
    problem: `it has ${bytes} bytes as JSON, and ${RESULT_MAX_BYTES} are the most`,
  })
}
