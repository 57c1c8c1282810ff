// What a load run asks for: named calls with their share in per cent, and for each a function that makes one request
// from the mix's own state and a seeded random source. A mix is a TypeScript module with a default export, so that
// targets, log-ins and things made on the way are plain code, checked by the compiler.
//
// The generator decides when and which call; the mix decides what is sent and what a right answer is. A mix must be
// fast: its functions run on the generator's event loop between two arrivals.

import type { Random } from '../base/random.ts'

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

export interface Answer {
  readonly status: number
  /** A response header by its lower-case name. */
  header(name: string): string | undefined
  readonly text: string
  /** The body as JSON, unchecked. @throws SyntaxError */
  json(): unknown
}

/** One write that the server acknowledged. Flat JSON: it may be written down and checked by another process. */
export interface AcknowledgedWrite {
  /** Names what was written, the same for every write of the same thing: `comment 17`, `follow alice bob`. */
  readonly key: string
  readonly [field: string]: string | number | boolean | null
}

/** A read that tells whether a write can be seen. */
export interface ReadBack {
  /** Who reads: shown with the count of stale answers. */
  readonly reader: 'anonymous' | 'writer'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /**
   * True: the write is visible; false: the answer is older; 'twice': what was written is there more often than it was
   * written, so the write was applied twice; undefined: cannot be told, for another write came between.
   */
  shows(answer: Answer): boolean | 'twice' | undefined
}

export interface LoadRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Path and query, beginning with `/`; it is appended to the path of the target's URL. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as `application/json`. */
  readonly body?: JsonValue
  /** Statuses of a right answer. Default: 200 to 299. */
  readonly expect?: readonly number[]
  /** The key of the write, where it is known beforehand: without an answer, the state of this thing is unknown. */
  readonly writes?: string
  /** Called with a right answer. What it returns is recorded as acknowledged, and a sample of it is read back. */
  onAnswer?(answer: Answer): AcknowledgedWrite | undefined
  /** Called once at the very end, after a right answer (and its read-back), a wrong one or none: gives targets free. */
  onEnd?(): void
}

export interface MixCall<State> {
  /** Share of all requests, in per cent; all shares add up to 100 (± 0.1, for rounded tables). */
  readonly percent: number
  /** The next request, or undefined when there is nothing to act on, for example nothing to delete yet. */
  request(state: State, random: Random): LoadRequest | undefined
  /** The call to make instead when there is nothing to act on. Without it the arrival is counted as skipped. */
  readonly otherwise?: string
}

export interface MixVariable {
  readonly default: string
  /** One sentence for the error messages and the help. */
  readonly about: string
  /** All allowed values; absent: any. */
  readonly values?: readonly string[]
}

/** What `prepare` may use. Its requests are not measured. */
export interface Preparation<Variable extends string = string> {
  /** One request to the target over a shared connection. Rejects on network errors only. */
  readonly fetch: (request: Pick<LoadRequest, 'method' | 'path' | 'headers' | 'body'>) => Promise<Answer>
  /** `--var NAME=VALUE`, or the default. */
  readonly variables: Readonly<Record<Variable, string>>
  readonly random: Random
  /** Tells the person who waits what is going on. */
  readonly progress: (text: string) => void
}

export interface Mix<State = unknown, Variable extends string = string> {
  readonly name: string
  /** One sentence: what kind of visitors this is. */
  readonly about: string
  readonly variables?: Readonly<Record<Variable, MixVariable>>
  /** Runs once before the load: logs in, finds out what there is. A rejection ends the run with its message. */
  prepare(preparation: Preparation<Variable>): Promise<State>
  readonly calls: Readonly<Record<string, MixCall<State>>>
  /**
   * How a write is read back. For `probe` right after it was acknowledged, by the state that made it; for `verify`
   * after the run, perhaps by another process, when nothing else writes. An empty list: it cannot be read back.
   */
  readBack?(
    state: State,
    write: AcknowledgedWrite,
    purpose: 'probe' | 'verify',
  ): readonly ReadBack[] | Promise<readonly ReadBack[]>
}

/** The default export of a mix file: checks it by its types and gives it back. */
export function defineMix<State, const Variable extends string = never>(
  mix: Mix<State, Variable>,
): Mix<State, Variable> {
  return mix
}
