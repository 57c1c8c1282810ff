// What the command line says beside the topology file: of this command, and where it is silent, of the `up` that started
// what runs. So `apply`, `doctor` and `config` mean the installation that is there, not one without its stage and port.

import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'
import { isPlatformError } from '../base/errors.ts'
import type { FlagValue } from '../topology/gather.ts'
import type { Asked, PlanSource } from '../topology/plan.ts'
import { dataDirOf } from './data-dir.ts'
import { runningAt, type ChangeOptions } from './running.ts'

export interface AskedOptions {
  readonly app?: string
  readonly stage?: string
  readonly topology?: string
  readonly port?: string
}

/** What `options` say, and where they say nothing, what was asked `before`. */
export function askedBy({ app, stage, topology, port }: AskedOptions, before: Asked = {}): Asked {
  const file = topology === undefined ? before.topology : relativeTo(realOr(resolve(app ?? '.')), topology)
  return {
    ...before,
    ...(stage !== undefined && { stage }),
    ...(port !== undefined && { port }),
    ...(file !== undefined && { topology: file }),
  }
}

/** For `loadTopology`; `appDir` is absolute. */
export function toLoad(
  appDir: string,
  { stage, port, topology }: Asked,
): { readonly file: string | undefined; readonly flags: readonly FlagValue[] } {
  return {
    file: topology === undefined ? undefined : resolve(appDir, topology),
    flags: [
      { flag: '--stage', key: 'stage', value: stage },
      { flag: '--port', key: 'web.port', value: port },
    ],
  }
}

const KEYS = ['stage', 'topology', 'port'] as const

/** ``as `pando up --stage balanced` was started``; undefined when nothing of `before` holds beside `options`. Pure. */
export function asStarted(options: AskedOptions, before: Asked = {}): string | undefined {
  const flags = KEYS.filter((key) => options[key] === undefined && before[key] !== undefined)
  if (flags.length === 0) return undefined
  return `as \`pando up ${flags.map((key) => `--${key} ${before[key]}`).join(' ')}\` was started`
}

/** What the `up` of a running installation said; undefined when none runs. A look, which makes nothing. */
export async function askedOfRunning(
  options: Pick<ChangeOptions, 'app' | 'data'>,
): Promise<Asked | undefined> {
  // Opening an installation makes its directories.
  if (!existsSync(join(dataDirOf(options), 'run'))) return undefined
  try {
    const running = await runningAt(options)
    return (running?.plan.source as PlanSource | undefined)?.asked
  } catch (error) {
    // Another user's: what it was asked is not to be known here.
    if (isPlatformError(error, 'SUPERVISOR_DATA_DIRECTORY')) return undefined
    throw error
  }
}

/** A file of the application is that of the next release too; one elsewhere stays where it is. */
function relativeTo(appDir: string, file: string): string {
  const path = resolve(file)
  const below = relative(appDir, realOr(path))
  return below.startsWith('..') || isAbsolute(below) ? path : join('.', below)
}

/** What does not exist is refused by whoever reads it. */
function realOr(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
