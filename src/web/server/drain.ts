// The moment at which everything that would not end by itself is asked to: event streams, WebSockets, and what the
// application minds itself (`onDrain`). It comes when the port is closed, so whoever comes again reaches another process.

/** Whether the drain of one server has begun, and who wants to know. */
export class Drain {
  #isOn = false
  readonly #waiting = new Set<() => void>()

  get isOn(): boolean {
    return this.#isOn
  }

  /** Calls everybody who waits, each on its own: one that throws keeps no other from being told. */
  begin(): void {
    if (this.#isOn) return
    this.#isOn = true
    for (const callback of this.#waiting) queueMicrotask(callback)
    this.#waiting.clear()
  }

  /** The server takes connections again: what comes from now on is told of the next drain. */
  reset(): void {
    this.#isOn = false
  }

  /** Calls `callback` once when the drain begins; soon, when it has begun. Returns what takes it back. */
  onBegin(callback: () => void): () => void {
    if (this.#isOn) queueMicrotask(callback)
    else this.#waiting.add(callback)
    return () => void this.#waiting.delete(callback)
  }
}
