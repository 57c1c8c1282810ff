// The error catalogue: every operating error of Pando has one stable code, one sentence that says what happened with
// the values, and one that says what to do. Codes never change their meaning. Each tier keeps its own entries in
// catalogue/<tier>.ts, so a tier's errors are changed beside each other; this file joins them.
//
// Programmer errors are not here: they are `assert`ions and crash the process.

import { appErrors } from './catalogue/app.ts'
import { balancerErrors } from './catalogue/balancer.ts'
import { baseErrors } from './catalogue/base.ts'
import { cliErrors } from './catalogue/cli.ts'
import { databaseErrors } from './catalogue/database.ts'
import { filesErrors } from './catalogue/files.ts'
import { loadErrors } from './catalogue/load.ts'
import { sessionsErrors } from './catalogue/sessions.ts'
import { supervisorErrors } from './catalogue/supervisor.ts'
import { topologyErrors } from './catalogue/topology.ts'
import { webErrors } from './catalogue/web.ts'

type Catalogue = typeof appErrors &
  typeof balancerErrors &
  typeof baseErrors &
  typeof cliErrors &
  typeof databaseErrors &
  typeof filesErrors &
  typeof loadErrors &
  typeof sessionsErrors &
  typeof supervisorErrors &
  typeof topologyErrors &
  typeof webErrors

export const CATALOGUE: Catalogue = {
  ...appErrors,
  ...balancerErrors,
  ...baseErrors,
  ...cliErrors,
  ...databaseErrors,
  ...filesErrors,
  ...loadErrors,
  ...sessionsErrors,
  ...supervisorErrors,
  ...topologyErrors,
  ...webErrors,
}

/** `TIER_WHAT`, stable for ever; the full list with fixes is docs/reference/errors.md. */
export type ErrorCode = keyof typeof CATALOGUE

/** The values that the message of `Code` needs, for example `{ url: string; waitedMs: number }`. */
export type ErrorDetails<Code extends ErrorCode> = Parameters<(typeof CATALOGUE)[Code]['message']>[0]

/** Exit status of a command, and of a member, that ends on this error. */
export const EXIT = {
  /** Something outside failed: an engine, the disk, the network. A restart may help. */
  failure: 1,
  /** The command line, the topology file or the application is wrong. A restart will not help. */
  usage: 2,
} as const

/**
 * An operating error: expected, handled or passed on, never swallowed.
 *
 * `code` says which, `details` carries the values (secrets already redacted), `fix` says what to do, `cause` is the
 * error of the foreign code below, if there was one.
 */
export class PlatformError<Code extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'PlatformError'
  readonly code: Code
  readonly details: ErrorDetails<Code>
  readonly fix: string
  /** True when trying again without a change by a person cannot succeed. */
  readonly permanent: boolean

  constructor(code: Code, details: ErrorDetails<Code>, options?: { readonly cause?: unknown }) {
    const entry = CATALOGUE[code] as ErrorEntry<ErrorDetails<Code>>
    super(entry.message(details), options)
    this.code = code
    this.details = details
    this.fix = typeof entry.fix === 'function' ? entry.fix(details) : entry.fix
    this.permanent = entry.permanent ?? false
  }
}

/** One line of a tier's part of the catalogue. */
export interface ErrorEntry<Details> {
  readonly message: (details: Details) => string
  readonly fix: string | ((details: Details) => string)
  /** See `PlatformError.permanent`. Default false. */
  readonly permanent?: boolean
}

/**
 * Whether `error` is the operating error `code`. Looks at the code and not at the class, because two copies of the
 * package may be loaded.
 */
export function isPlatformError<Code extends ErrorCode = ErrorCode>(
  error: unknown,
  code?: Code,
): error is PlatformError<Code> {
  if (!(error instanceof Error) || error.name !== 'PlatformError' || !('code' in error)) return false
  return code === undefined ? typeof error.code === 'string' && error.code in CATALOGUE : error.code === code
}

/** A one-line account of any thrown value, without its stack: `ECONNREFUSED: connect ECONNREFUSED /tmp/x`. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const message = error.message || error.name
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : ''
  // Errors of the file system begin with their code.
  return `${message.startsWith(code) ? '' : code}${message}`.replaceAll(/\s*\n\s*/g, ' ')
}

/** The same URL with its password, and every query value that may be secret, replaced by `***`. */
export function redactUrl(url: string): string {
  if (!URL.canParse(url)) return '(not a URL)'
  const parsed = new URL(url)
  if (parsed.password !== '') parsed.password = '***'
  for (const key of new Set(parsed.searchParams.keys()))
    if (/pass|secret|token|key|signature/i.test(key)) parsed.searchParams.set(key, '***')
  return parsed.toString()
}
