import { systemClock } from '../../src/base/clock.ts'

const LOOK_EVERY_MS = 50

/** Looks again and again until `condition` holds; gives how long that took, in milliseconds. Throws after `withinMs`. */
export async function until(
  what: string,
  withinMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<number> {
  const since = systemClock.monotonic()
  for (;;) {
    if (await condition()) return systemClock.monotonic() - since
    if (systemClock.monotonic() - since > withinMs) throw new Error(`${what}: not within ${withinMs} ms`)
    await systemClock.sleep(LOOK_EVERY_MS)
  }
}
