// The port of one web server: open, or closed by the supervisor while the process goes on (`refuse`), and closed for good
// (`close`). Closed or closing, the connections that are there are brought to their end.
//
// What the supervisor last said outlives the process as a file beside the control socket: a process that was told to
// refuse and is started again after a crash does not come back by itself. A stop in order takes the file away, so the
// next start, which is a new beginning, is not slower for it.
//
// States: closed → open ⇄ refusing → closed. Each change waits for the one before it.

import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { type Server as HttpServer } from 'node:http'
import type { Connections } from './connections.ts'
import { listen, stopAccepting } from './listening.ts'
import type { Serving } from './serving.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

export class FrontDoor {
  /** Where it listens, or listened before it was told to refuse. */
  address: Address | undefined = undefined
  readonly #server: HttpServer
  readonly #serving: Serving
  readonly #connections: Connections
  /** The file that says that the supervisor wants no connections; undefined without a control socket. */
  readonly #wish: string | undefined
  #last: Promise<unknown> = Promise.resolve()
  #endsAtMs = Number.POSITIVE_INFINITY
  #opened = false
  #isTold = false
  #closing = false

  constructor(
    server: HttpServer,
    serving: Serving,
    connections: Connections,
    controlSocket: string | undefined,
  ) {
    this.#server = server
    this.#serving = serving
    this.#connections = connections
    this.#wish = controlSocket === undefined ? undefined : `${controlSocket}.refuse`
  }

  get isAccepting(): boolean {
    return this.#server.listening && !this.#serving.draining
  }

  /** The port it listens on; null while it does not, 0 before it has been opened. */
  get port(): number | null {
    if (this.#server.listening) return this.address?.port ?? 0
    return this.#opened ? null : 0
  }

  /** Whether the process is being stopped, for good. */
  get isClosing(): boolean {
    return this.#closing
  }

  /** Opens the port, unless the supervisor wanted it closed when the process crashed. @throws as `WebServer.start` */
  async open(): Promise<void> {
    const isRefusing = this.#wish !== undefined && existsSync(this.#wish)
    if (isRefusing) this.#serving.draining = true
    else await this.#inTurn(() => this.#accept())
    this.#isTold = isRefusing
    this.#opened = true
  }

  /** Takes connections again. Nothing happens where it does, or is being stopped. @throws as `WebServer.start` */
  accept(): Promise<void> {
    this.#isTold = true
    return this.#inTurn(() => this.#accept())
  }

  /**
   * Closes the port, and every connection as soon as it has no answer in work; what cannot end by itself, a WebSocket or
   * an event stream, is ended politely. Resolves when the port is closed.
   */
  refuse(): Promise<void> {
    this.#isTold = true
    return this.#inTurn(async () => {
      if (this.#closing || this.#serving.draining) return
      if (this.#wish !== undefined) writeFileSync(this.#wish, '', { mode: 0o600 })
      this.#serving.draining = true
      await this.#stopAccepting()
      this.#serving.drain.begin()
      if (!this.#closing) this.#connections.relieve()
    })
  }

  /**
   * As `refuse`, for a process that has been told to accept. One that has not is only just starting: it does not serve in
   * the supervisor's eyes, and its first visitors need not wait for a word.
   */
  async dismiss(): Promise<void> {
    if (this.#isTold) await this.refuse()
  }

  /** Says "not ready" for `announceMs`, closes the port, and after `deadlineMs` at the latest every connection. */
  async close(deadlineMs: number): Promise<void> {
    const { clock, settings } = this.#serving
    this.#closing = true
    this.#endsAtMs = clock.monotonic() + deadlineMs
    await this.#inTurn(async () => {
      this.#serving.draining = true
      if (this.#server.listening) {
        const announceMs = Math.min(settings.announceMs, deadlineMs)
        if (announceMs > 0) await clock.sleep(announceMs)
        await this.#stopAccepting()
      }
      this.#serving.drain.begin()
      await this.#connections.drain(this.#leftMs())
      const closed = Promise.withResolvers<void>()
      this.#server.close(() => closed.resolve())
      await closed.promise
      if (this.#wish !== undefined) rmSync(this.#wish, { force: true })
      this.address = undefined
    })
  }

  async #accept(): Promise<void> {
    if (this.#closing) return
    const { settings, drain } = this.#serving
    if (!this.#server.listening)
      this.address = await listen(this.#server, { ...settings, port: this.address?.port ?? settings.port })
    if (this.#wish !== undefined) rmSync(this.#wish, { force: true })
    this.#serving.draining = false
    drain.reset()
    this.#connections.resume()
  }

  #stopAccepting(): Promise<void> {
    const { clock, settings } = this.#serving
    return stopAccepting(this.#server, settings.processes !== 1, clock, () => this.#leftMs())
  }

  #leftMs(): number {
    return Math.max(0, this.#endsAtMs - this.#serving.clock.monotonic())
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work, work)
    this.#last = done
    // Whoever asked for it is told; the one after it must not be.
    done.catch(() => {})
    return done
  }
}
