import { systemClock } from '../../src/base/clock.ts'

const LOOK_EVERY_MS = 25

/**
 * Looks again and again until `condition` holds; gives how long that took, in milliseconds. A condition that cannot be
 * asked (it throws, or rejects) does not hold. Throws after `withinMs`, with the last such reason as its cause.
 */
export async function until(
  what: string,
  withinMs: number,
  condition: () => boolean | Promise<boolean>,
  lookEveryMs = LOOK_EVERY_MS,
): Promise<number> {
  const sinceMs = systemClock.monotonic()
  let last: unknown
  for (;;) {
    try {
      if (await condition()) return systemClock.monotonic() - sinceMs
      last = undefined
    } catch (error) {
      last = error
    }
    if (systemClock.monotonic() - sinceMs > withinMs)
      throw new Error(`${what}: not within ${withinMs} ms`, { cause: last })
    await systemClock.sleep(lookEveryMs)
  }
}
