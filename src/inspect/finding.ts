// What a rule is and what it says. A rule is pure: an analysed program in, matches out; it reads no file and prints
// nothing.

import type { Node } from 'oxc-parser'
import type { Call } from './calls.ts'
import type { Program } from './program.ts'
import type { State } from './state.ts'

/** A program with what several rules ask of it. */
export interface Analysis {
  readonly program: Program
  readonly states: readonly State[]
  readonly calls: readonly Call[]
}

export interface Match {
  /** Where it is reported, and where a comment can accept it. */
  readonly node: Node
  /** What stands there, as a sentence without its full stop. */
  readonly found: string
  /** Where what stands there is changed or used, when that is somewhere else. */
  readonly changedAt?: Node
  /** Files that are gone with the request that made them: worth knowing, no fault. */
  readonly isScratch?: boolean
}

export interface Rule {
  /** Stable, kebab-case, one heading in docs/how-to/stateless.md: `module-state`. */
  readonly name: string
  /** What to use instead: one sentence. */
  readonly remedy: string
  find(analysis: Analysis): readonly Match[]
}
