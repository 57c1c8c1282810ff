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
  const { code, message, fix, permanent } = errorOf(installation, member)
  return {
    code,
    message,
    fix,
    permanent,
    member: member.state.name,
    lines: lastLines(logPath(installation, member.state.name), LINES, member.logFromBytes),
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
