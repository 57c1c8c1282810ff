// What one check of `pando doctor` says. Probing (probe-*.ts) and judging (judge.ts) are apart: what to think of a fact
// is decided without a machine that has it.

export interface Check {
  /** `disk space` */
  readonly name: string
  /** `warn`: it runs, and will not be pleasant. `fail`: `pando up` would not work. */
  readonly state: 'ok' | 'warn' | 'fail'
  /** One line. */
  readonly found: string
  /** What to do, with the exact command where there is one; absent when all is well. */
  readonly fix?: string
}

export function ok(name: string, found: string): Check {
  return { name, state: 'ok', found }
}

export function warn(name: string, found: string, fix: string): Check {
  return { name, state: 'warn', found, fix }
}

export function fail(name: string, found: string, fix: string): Check {
  return { name, state: 'fail', found, fix }
}

/** Exit status of the command: 1 when a check failed. */
export function exitStatus(checks: readonly Check[]): 0 | 1 {
  return checks.some(({ state }) => state === 'fail') ? 1 : 0
}
