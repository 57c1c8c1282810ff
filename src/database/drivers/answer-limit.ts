// How long one connection waits for an answer. The server ends a statement at `statement_timeout` and says so; a server
// that hangs (a suspended process, a disk or a network that swallows everything) says nothing, and a socket alone waits
// for ever. So there is a limit on this side too, somewhat later than the server's.
//
// Time is counted in sweeps that the pool makes over its connections: a statement costs one store instead of a timer,
// and a process that was itself suspended, or busy, has not been waiting meanwhile: for it that was one sweep.
//
// The server's limit is the setting's unless a statement changed it (`set local statement_timeout = '5min'`): then the
// server is asked what holds, and again after the end of the transaction. Not noticed: a change whose text does not
// name the parameter, as `set_config($1, …)`.

/** Between the server's limit and ours: for the way, and for a busy server that ends the statement late. */
export const ANSWER_MARGIN_MS = 5_000
/** Between two looks at all connections; an answer is given up at most two of them late. */
export const SWEEP_MS = 1_000
/** The most that `database.statementTimeoutMs` can be; where the server has no limit, and while it is not known. */
const LONGEST_STATEMENT_MS = 86_400_000

const PARAMETER = 'statement_timeout'
/** Answers with the server's limit in milliseconds, 0 for none. */
const ASK = `select setting from pg_settings where name = '${PARAMETER}'`

/** Runs `text` beside the statements of the user and gives the first column of its first row. */
export type Ask = (text: string, done: (value: string | undefined) => void) => void

export class AnswerLimit {
  private sweeps = 0
  private statementMs: number
  /** A statement may have changed the server's limit for its transaction. */
  private changed = false

  constructor(statementTimeoutMs: number) {
    this.statementMs = statementTimeoutMs
  }

  /** How long an answer is waited for now, in milliseconds. */
  get ms(): number {
    return this.statementMs + ANSWER_MARGIN_MS
  }

  /** A statement is sent on a connection that has none under way, or the one before was answered. */
  restart(): void {
    this.sweeps = 0
  }

  /** A statement is about to be sent. */
  notice(text: string | undefined): void {
    if (text?.includes(PARAMETER) !== true) return
    this.changed = true
    this.statementMs = LONGEST_STATEMENT_MS
  }

  /** A statement was answered; `inTransaction` as of that answer. */
  answered(text: string | undefined, inTransaction: boolean, ask: Ask): void {
    this.sweeps = 0
    if (!this.changed || (inTransaction && text?.includes(PARAMETER) !== true)) return
    this.changed = inTransaction
    ask(ASK, (value) => {
      const ms = Number(value ?? 0)
      this.statementMs = ms > 0 ? Math.min(ms, LONGEST_STATEMENT_MS) : LONGEST_STATEMENT_MS
    })
  }

  /** Counts a sweep during which there was no answer; true when that was one too many. */
  isOverdue(): boolean {
    // The first one may have come right after the statement.
    return this.sweeps++ * SWEEP_MS >= this.ms
  }
}
