// How `pando status` shows an installation to a person: the table of its members, what its visitors met, and the change
// under way or the last one.

import type { ChangeReport } from '../supervisor/change.ts'
import type { MemberStatus, RouteFigures } from '../supervisor/status.ts'
import { figuresOf, liveLine } from './follow-change.ts'
import { seconds } from './progress.ts'
import type { Paint, Terminal } from './terminal.ts'

/** `pando status --json`, exactly. */
export interface ShownStatus {
  readonly stage: string
  readonly endpoints: { readonly web: string | null }
  readonly members: readonly MemberStatus[]
  /** What those that pass requests on have counted since they began; empty without a supervisor. */
  readonly routes: readonly RouteFigures[]
  /** The change under way, or the last one since `up`. */
  readonly change: ChangeReport | null
}

export function printStatus(terminal: Terminal, status: ShownStatus): void {
  const { paint } = terminal
  terminal.line(`stage ${paint.bold(status.stage)}   web ${paint.bold(status.endpoints.web ?? '-')}`)
  terminal.line('')
  printMembers(terminal, status.members)
  const notes = [
    ...status.routes.map(routeLine),
    ...(status.change === null ? [] : [changeLine(status.change)]),
  ]
  if (notes.length > 0) terminal.line('')
  for (const note of notes) terminal.line(note)
}

function printMembers(terminal: Terminal, members: readonly MemberStatus[]): void {
  const { paint } = terminal
  const head = ['MEMBER', 'TIER', 'STATE', 'PID', 'RESTARTS', 'ADDRESS', 'DETAIL']
  const rows = members.map((member) => [
    member.name,
    member.tier,
    member.state,
    member.pid === null ? '-' : String(member.pid),
    String(member.restarts),
    member.address,
    member.detail,
  ])
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length)),
  )
  const pad = (cells: readonly string[]): readonly string[] =>
    cells.map((cell, column) => (column === head.length - 1 ? cell : cell.padEnd(widths[column]!)))
  terminal.line(paint.dim(pad(head).join('  ')))
  for (const [index, row] of rows.entries()) {
    const cells = [...pad(row)]
    cells[2] = colourOf(members[index]!.state, paint)(cells[2]!)
    terminal.line(cells.join('  ').trimEnd())
  }
}

function colourOf(state: MemberStatus['state'], paint: Paint): (text: string) => string {
  if (state === 'running') return paint.green
  return state === 'failed' ? paint.red : paint.yellow
}

/** `web: 4,210 requests, 0 failed, 3 waited`. Pure. */
export function routeLine({ tier, requests, failed, waiting }: RouteFigures): string {
  const [all, bad, waited] = [requests, failed, waiting].map((count) => count.toLocaleString('en'))
  return `${tier}: ${all} ${requests === 1 ? 'request' : 'requests'}, ${bad} failed${waiting > 0 ? `, ${waited} waited` : ''}`
}

/** `change (apply): done in 12.3 s, 4,210 requests meanwhile, 0 failed`. Pure. */
export function changeLine(change: ChangeReport): string {
  const isUnderWay = change.state === 'running' || change.state === 'rolling back'
  if (isUnderWay) return `change (${change.kind}): ${liveLine(change)}`
  const why = change.failure === null || change.failure === undefined ? '' : change.failure.message
  const how = `${change.state} ${change.state === 'done' ? 'in' : 'after'} ${seconds(change.durationMs)}`
  return `last change (${change.kind}): ${[how, figuresOf(change), why].filter(Boolean).join(', ')}`
}
