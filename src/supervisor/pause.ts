// The pause between two rounds, which whatever has news ends early. News that comes while nobody sleeps counts too.

import type { Clock } from '../base/clock.ts'

export class Pause {
  readonly #clock: Clock
  #wake: () => void = () => {}
  #isWoken = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  end(): void {
    this.#isWoken = true
    this.#wake()
  }

  /** Resolves after `ms`, or when there is news. */
  async sleep(ms: number): Promise<void> {
    const { promise: woken, resolve } = Promise.withResolvers<void>()
    this.#wake = resolve
    if (!this.#isWoken) await Promise.race([this.#clock.sleep(ms), woken])
    this.#isWoken = false
  }
}
