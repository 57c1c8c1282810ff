// The section of `pando doctor` about the source: every finding with its place and what to use instead.

import type { Finding } from '../../inspect/inspect.ts'
import type { Terminal } from '../terminal.ts'
import type { SourceReport } from './judge-source.ts'

/** More would push the checks out of sight; `--json` has them all. */
const MAX_PRINTED = 50

/** Prints nothing when there is nothing to say. */
export function printSource(
  terminal: Terminal,
  { findings, accepted, unread }: SourceReport,
  state: 'ok' | 'warn' | 'fail',
): void {
  if (findings.length + unread.length === 0) return
  const { paint } = terminal
  terminal.line('')
  terminal.line(paint.bold('State that would break on several servers'))
  for (const finding of findings.slice(0, MAX_PRINTED)) {
    const colour = finding.isScratch ? paint.dim : state === 'fail' ? paint.red : paint.yellow
    terminal.line(`  ${colour(placeOf(finding))}  ${finding.rule}${finding.isScratch ? ' (scratch)' : ''}`)
    const at = finding.changedAt === undefined ? '' : ` (${placeOf(finding.changedAt)})`
    terminal.line(`    ${finding.found}${at}.`)
    terminal.line(`    ${paint.dim('→')} ${finding.remedy}`)
  }
  const more = findings.length - MAX_PRINTED
  if (more > 0) terminal.line(`  and ${more} more, which --json lists`)
  for (const { path, problem } of unread) terminal.line(`  ${paint.yellow(path)}  not readable: ${problem}`)
  if (accepted.length > 0) terminal.line(`  ${accepted.length} accepted beside the code`)
}

function placeOf({ file, line, column }: Pick<Finding, 'file' | 'line' | 'column'>): string {
  return `${file}:${line}:${column}`
}
