// Visitors of a front, as many as come without a pause to a small site: each asks, reads the answer, and asks again.

import { systemClock } from '../../../src/base/clock.ts'
import { askLocal } from '../../../src/base/local-http.ts'

const VISITORS = 4
const THINK_MS = 4

export class Visitors implements AsyncDisposable {
  readonly failures: string[] = []
  answered = 0
  readonly #socketPath: string
  readonly #visits: readonly Promise<void>[]
  #isOver = false

  constructor(socketPath: string) {
    this.#socketPath = socketPath
    this.#visits = Array.from({ length: VISITORS }, () => this.#visit())
  }

  /** Resolves when every visitor has the last answer. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true
    await Promise.all(this.#visits)
  }

  async #visit(): Promise<void> {
    while (!this.#isOver) {
      try {
        const question = { socketPath: this.#socketPath, path: '/', timeoutMs: 10_000, maxBytes: 1_000 }
        const { status } = await askLocal(question)
        if (status === 200) this.answered++
        else this.failures.push(`status ${status}`)
      } catch (error) {
        this.failures.push((error as Error).message)
      }
      await systemClock.sleep(THINK_MS)
    }
  }
}
