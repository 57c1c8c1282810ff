// An answer of server-sent events, which has no end of its own, and how it is ended when the process drains: between two
// events, with an event that says why, as an answer that is whole. A browser's EventSource then comes again by itself
// and says which event it has seen (`Last-Event-ID`); by then another process answers.
//
// Events are told apart as the client does it (WHATWG HTML, "Interpreting an event stream"): by an empty line, whatever
// the kind of its line ends. A compressed stream cannot be written into, so it only ends.

import type { Exchange } from './exchange.ts'
import { silence } from '../refusal/refusal.ts'

/** What a client may listen for; one that does not, ignores it. */
const CLOSE_EVENT = 'event: close\ndata: {"reason":"draining"}\n\n'

const MEDIA_TYPE = 'text/event-stream'
const IS_EVENTS = /\r\ncontent-type: *text\/event-stream *[;\r]/i
const HAS_LENGTH = /\r\ncontent-length:/i
const IS_CODED = /\r\ncontent-encoding: *(?!identity\b)/i

/** The event stream that an answer with the header text `header` is; undefined for every other answer. */
export function eventStreamOf(exchange: Exchange, header: string): EventStream | undefined {
  // Nearly every answer is told apart by this quick look.
  if (!header.includes(MEDIA_TYPE)) return undefined
  if (!IS_EVENTS.test(header) || HAS_LENGTH.test(header)) return undefined
  return new EventStream(exchange, !IS_CODED.test(header))
}

export class EventStream {
  readonly #exchange: Exchange
  readonly #isPlain: boolean
  /** The last four bytes written: two line ends. */
  #tail = ''
  #isDraining = false

  constructor(exchange: Exchange, isPlain: boolean) {
    this.#exchange = exchange
    this.#isPlain = isPlain
    const forget = exchange.serving.drain.onBegin(() => this.#drain())
    exchange.response.once('close', forget)
  }

  /** To be called after the application has written `chunk`. */
  wrote(chunk: unknown, encoding: unknown): void {
    this.#tail = (this.#tail + lastBytes(chunk, encoding)).slice(-TAIL)
    if (this.#isDraining && this.#isBetweenEvents) this.#end()
  }

  #drain(): void {
    // The application has asked to be told, so it ends this answer itself.
    if (this.#exchange.mindsDrain) return
    this.#isDraining = true
    if (this.#isBetweenEvents) this.#end()
  }

  get #isBetweenEvents(): boolean {
    return !this.#isPlain || isBoundary(this.#tail)
  }

  #end(): void {
    const { response } = this.#exchange
    this.#isDraining = false
    if (response.writableEnded || response.destroyed) return
    this.#exchange.broken = true
    response.end(this.#isPlain ? CLOSE_EVENT : undefined)
    // What the application still writes would be an error after the end.
    silence(response)
  }
}

const TAIL = 4

function lastBytes(chunk: unknown, encoding: unknown): string {
  if (typeof chunk !== 'string') return Buffer.from((chunk as Uint8Array).subarray(-TAIL)).toString('latin1')
  const isText = typeof encoding !== 'string' || !/^(base64|base64url|hex)$/i.test(encoding)
  return isText ? chunk.slice(-TAIL) : lastBytes(Buffer.from(chunk, encoding as BufferEncoding), undefined)
}

/** Whether an event may begin after bytes that end with `tail`. Pure. */
function isBoundary(tail: string): boolean {
  return tail === '' || tail.replaceAll('\r\n', '\n').replaceAll('\r', '\n').endsWith('\n\n')
}
