// Why a first start was given up, in the words of the error catalogue, with the end of the member's own log.

import { isPlatformError, PlatformError } from '../base/errors.ts'
import type { Installation } from '../base/installation.ts'
import { lastLines, logPath } from './log-file.ts'
import type { StartFailure } from './records.ts'
import type { SupervisedMember } from './supervised-member.ts'

/** Lines of the member's log that are shown. */
const LINES = 20

/** What `up` shows of the member that did not start. */
export function startFailure(installation: Installation, member: SupervisedMember): StartFailure {
  const lines = lastLines(logPath(installation, member.state.name), LINES, member.logFromBytes)
  const told = lines.map(toldBy).findLast((each) => each !== undefined)
  const { code, message, fix, permanent } = errorOf(installation, member)
  return { code, message, fix, ...told, permanent, member: member.state.name, lines }
}

/** What is told of a member that a change waited for in vain. */
export function waitFailure(
  installation: Installation,
  name: string,
  member: SupervisedMember | undefined,
  { waitedMs, step }: { readonly waitedMs: number; readonly step: string },
): Omit<StartFailure, 'permanent'> {
  const details = { member: name, waitedMs, step }
  const { code, message, fix } = new PlatformError('SUPERVISOR_NOT_IN_SERVICE', details)
  const lines = member === undefined ? [] : lastLines(logPath(installation, name), LINES, member.logFromBytes)
  return { code, message, fix, member: name, lines }
}

/** The error that a line of a member's log carries in the catalogue's words: its own, so better than any of ours. */
export function toldBy(line: string): { code: string; message: string; fix: string } | undefined {
  if (!line.startsWith('{')) return undefined
  try {
    const { code, told, fix } = JSON.parse(line) as Record<string, unknown>
    const isTold = typeof code === 'string' && typeof told === 'string' && typeof fix === 'string'
    return isTold ? { code, message: told, fix } : undefined
  } catch {
    // Cut in the middle, or not ours.
    return undefined
  }
}

function errorOf(installation: Installation, { state, failure, detail }: SupervisedMember): PlatformError {
  const log = logPath(installation, state.name)
  if (isPlatformError(failure?.error)) return failure.error
  if (failure?.end === 'refused')
    return new PlatformError('SUPERVISOR_MEMBER_REFUSED', { member: state.name, log })
  if (failure?.end === 'late')
    return new PlatformError('SUPERVISOR_MEMBER_NOT_READY', {
      member: state.name,
      waitedMs: failure.waitedMs,
      detail,
      log,
    })
  return new PlatformError('SUPERVISOR_MEMBER_FAILED', {
    member: state.name,
    reason: failure?.reason ?? 'ended',
    attempts: state.crashes,
    log,
  })
}
