// Turns successive reports of the supervisor into what a person wants to see: each member as it becomes ready, then
// what changes while everything runs, then each member as it stops. Prints nothing twice.

import type { MemberStatus, Report } from '../supervisor/status.ts'
import type { Terminal } from './terminal.ts'

export interface Progress {
  update(report: Report): void
  /** Removes the live line; with `stopped`, tells of those that stopped since the last report. */
  end(stopped?: boolean): void
}

/** `elapsedMs` counts since the command began; `onReached` is called once, when everything is ready. */
export function showProgress(
  terminal: Terminal,
  elapsedMs: () => number,
  onReached: (report: Report) => void = () => {},
): Progress {
  let previous = new Map<string, MemberStatus>()
  const servedAs = new Map<string, number | null>()
  let wasReached = false
  let supervisor: number | undefined
  return {
    update(report) {
      const { members } = report.status
      const isStopping = report.wanted === 'down'
      for (const member of members) {
        const line = lineFor(previous.get(member.name), member, report, { wasReached, servedAs }, terminal)
        if (line !== undefined) terminal.line(line)
        if (member.state === 'running') servedAs.set(member.name, member.pid)
      }
      if (wasReached && supervisor !== undefined && supervisor !== report.pid)
        terminal.line(`${terminal.paint.yellow('↻')} supervisor was ended and put back; the members ran on`)
      supervisor = report.pid
      if (report.reached && !wasReached && !isStopping) onReached(report)
      wasReached ||= report.reached
      terminal.live(liveLine(members, isStopping, report.reached, elapsedMs(), terminal))
      previous = new Map(members.map((member) => [member.name, member]))
    },
    end(stopped = false) {
      terminal.live('')
      if (!stopped) return
      for (const { name, state } of [...previous.values()].toReversed())
        if (state !== 'stopped') terminal.line(stoppedLine(name, terminal))
      previous = new Map()
    },
  }
}

function stoppedLine(name: string, { paint }: Terminal): string {
  return `${paint.dim('·')} ${name.padEnd(12)} stopped`
}

interface Past {
  readonly wasReached: boolean
  /** Its process when it was last seen to serve. */
  readonly servedAs: ReadonlyMap<string, number | null>
}

function lineFor(
  before: MemberStatus | undefined,
  now: MemberStatus,
  report: Report,
  past: Past,
  terminal: Terminal,
): string | undefined {
  const { paint } = terminal
  const name = now.name.padEnd(12)
  const wasRestarted = before !== undefined && now.restarts > before.restarts
  if (before?.state === now.state && !wasRestarted) return undefined
  if (report.wanted === 'down') {
    const didStop = now.state === 'stopped' && before !== undefined
    return didStop ? stoppedLine(now.name, terminal) : undefined
  }
  if (now.state === 'failed') return `${paint.yellow('!')} ${name} ${now.detail}`
  if (now.state !== 'running' || (past.wasReached && before === undefined)) return undefined
  const servedAs = past.servedAs.get(now.name)
  const how = past.wasReached
    ? howItCameBack(servedAs, now, report)
    : howItStarted(report.readyAfterMs[now.name])
  return `${paint.green('✓')} ${name} ${how}  ${paint.dim(now.detail)}`.trimEnd()
}

function howItCameBack(servedAs: number | null | undefined, now: MemberStatus, report: Report): string {
  // Its process is the same: it said for a while that it does not serve.
  if (servedAs === now.pid) return 'serves again'
  if (now.restarts > 0) return `is back (restart ${now.restarts})`
  return servedAs === undefined ? howItStarted(report.readyAfterMs[now.name]) : 'was replaced'
}

function howItStarted(readyAfterMs: number | undefined): string {
  return readyAfterMs === undefined ? 'was running already' : `ready in ${seconds(readyAfterMs)}`
}

function liveLine(
  members: readonly MemberStatus[],
  isStopping: boolean,
  isReached: boolean,
  elapsedMs: number,
  { paint }: Terminal,
): string {
  const inState = (state: MemberStatus['state']): string =>
    members
      .filter((member) => member.state === state)
      .map(({ name }) => name)
      .join(', ')
  if (isStopping) return paint.dim(`stopping ${inState('stopping')} …`)
  if (isReached) return ''
  const waiting = inState('starting')
  return waiting === '' ? '' : paint.dim(`starting ${waiting} … ${seconds(elapsedMs)}`)
}

/** `0.41 s`, `12.3 s` */
export function seconds(ms: number): string {
  const value = ms / 1000
  return `${value < 10 ? value.toFixed(2) : value.toFixed(1)} s`
}
