import type { Random } from './random.ts'

export interface BackoffOptions {
  /** First delay, in milliseconds. */
  readonly firstMs: number
  /** No delay is longer than this. */
  readonly maxMs: number
  /** How many delays are given; `Infinity` for ever. */
  readonly attempts: number
  /** With it every delay is drawn from [half, whole) so that a crowd does not return in step. */
  readonly random?: Random
}

/** Delays in milliseconds, each twice the one before up to `maxMs`: `for (const delayMs of backoff(…))`. */
export function* backoff({ firstMs, maxMs, attempts, random }: BackoffOptions): Generator<number, void> {
  let delayMs = firstMs
  for (let attempt = 0; attempt < attempts; attempt++) {
    const capped = Math.min(delayMs, maxMs)
    yield random === undefined ? capped : capped / 2 + (random.next() * capped) / 2
    delayMs *= 2
  }
}
