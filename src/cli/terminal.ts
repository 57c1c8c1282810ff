// What the commands print on. Colours and the line that is rewritten in place are for a terminal; into a file or a
// pipe go plain lines, each complete. A terminal that was closed (SIGHUP) swallows what is still printed.

import pc from 'picocolors'

export type Paint = ReturnType<typeof pc.createColors>

export interface Terminal {
  readonly paint: Paint
  /** A person looks at it: a line may be rewritten. */
  readonly interactive: boolean
  /** Prints one line, above the live line when there is one. */
  line(text: string): void
  /** Shows `text` as the last line until the next call; '' removes it. Nothing where lines cannot be rewritten. */
  live(text: string): void
  /** One line to standard error. */
  error(text: string): void
  /** Text as it is, to standard output. */
  write(text: string): void
}

const CLEAR_LINE = '\r\u001B[2K'

/** Colours on a terminal, unless NO_COLOR is set (https://no-color.org) or the terminal is dumb. */
export function openTerminal(
  stdout: NodeJS.WriteStream = process.stdout,
  stderr: NodeJS.WriteStream = process.stderr,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Terminal {
  const isCapable = stdout.isTTY ? env['TERM'] !== 'dumb' : false
  const noColor = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== ''
  let shown = ''
  const swallow = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
  }
  if (stdout.listenerCount('error') === 0) stdout.on('error', swallow)
  if (stderr.listenerCount('error') === 0) stderr.on('error', swallow)
  const clear = (): string => (shown === '' ? '' : CLEAR_LINE)
  return {
    paint: pc.createColors(isCapable && !noColor),
    interactive: isCapable,
    line(text) {
      stdout.write(`${clear()}${text}\n${shown}`)
    },
    live(text) {
      if (!isCapable || text === shown) return
      const fitting = text.slice(0, Math.max(0, (stdout.columns ?? 80) - 1))
      stdout.write(`${clear()}${fitting}`)
      shown = fitting
    },
    error(text) {
      if (shown !== '') stdout.write(CLEAR_LINE)
      stderr.write(`${text}\n`)
      if (shown !== '') stdout.write(shown)
    },
    write(text) {
      stdout.write(text)
    },
  }
}
