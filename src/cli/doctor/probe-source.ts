// Reads the application's source. The parser is a native library and is loaded here only: where it is missing, the rest
// of the check goes on without it.

import { findAppFile } from '../../app/load.ts'
import { describeError, isPlatformError } from '../../base/errors.ts'
import type { inspect } from '../../inspect/inspect.ts'
import type { readSources } from '../../inspect/read.ts'
import { warn, type Check } from './check.ts'
import { judgeSource, type Servers, type SourceReport } from './judge-source.ts'

export interface SourceCheck {
  readonly check: Check
  /** Undefined when the source could not be examined. */
  readonly report: SourceReport | undefined
}

/** Undefined when there is no application file; another check says so. */
export async function checkSource(appDir: string, servers: Servers): Promise<SourceCheck | undefined> {
  const entry = entryOf(appDir)
  if (entry === undefined) return undefined
  const inspection = await loadInspection()
  if ('reason' in inspection)
    return {
      check: warn(
        'source',
        `not examined: ${inspection.reason}`,
        'Install the packages again on this machine: `npm install`.',
      ),
      report: undefined,
    }
  const { modules, unreadable, leftOut, resolveModule } = inspection.readSources(appDir, entry)
  const report = {
    files: modules.length,
    ...inspection.inspect(modules, resolveModule),
    unread: unreadable,
    leftOut,
  }
  return { check: judgeSource(report, servers), report }
}

function entryOf(appDir: string): string | undefined {
  try {
    return findAppFile(appDir)
  } catch (error) {
    if (!isPlatformError(error, 'APP_NOT_FOUND')) throw error
    return undefined
  }
}

interface Inspection {
  readonly readSources: typeof readSources
  readonly inspect: typeof inspect
}

async function loadInspection(): Promise<Inspection | { readonly reason: string }> {
  try {
    return { ...(await import('../../inspect/read.ts')), ...(await import('../../inspect/inspect.ts')) }
  } catch (error) {
    return { reason: describeError(error).split('\n')[0]! }
  }
}
