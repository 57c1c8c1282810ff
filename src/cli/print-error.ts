// How a command says what went wrong, and the exit status that follows from it: what happened, what to do, the code to
// look up. A stack is for our own mistakes, and for `--debug`.

import { EXIT, isPlatformError } from '../base/errors.ts'
import type { Terminal } from './terminal.ts'

export interface PrintableFailure {
  readonly message: string
  readonly fix: string
  readonly code: string
}

/** `✗ what happened`, then the fix and the code, indented. */
export function printFailure(terminal: Terminal, { message, fix, code }: PrintableFailure): void {
  const { paint } = terminal
  terminal.error(`${paint.red('✗')} ${message}`)
  terminal.error(`  ${fix}`)
  terminal.error(`  ${paint.dim(code)}`)
}

/** Prints any thrown value and returns the exit status for it. */
export function printError(terminal: Terminal, error: unknown, debug: boolean): number {
  if (isPlatformError(error)) {
    printFailure(terminal, error)
    if (debug) terminal.error(stackOf(error))
    return error.permanent ? EXIT.usage : EXIT.failure
  }
  terminal.error(
    `${terminal.paint.red('✗')} This is a mistake in Pando itself; please report it with what follows.`,
  )
  terminal.error(stackOf(error))
  return EXIT.failure
}

function stackOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const cause = error.cause === undefined ? '' : `\nCaused by: ${stackOf(error.cause)}`
  return `${error.stack ?? error.message}${cause}`
}
