// Finds and checks the application: the one place that reads `app.ts`. It does not run `setup`.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeError, PlatformError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import type { AppDefinition, RunningApp } from '../index.ts'

const APP_FILES = ['app.ts', 'app.mts', 'app.js', 'app.mjs'] as const
const KEYS = ['name', 'migrations', 'setup']
const NAME = /^[a-z][a-z0-9-]{0,49}$/

export interface LoadedApp {
  /** Absolute path of the application file. */
  readonly file: string
  readonly definition: AppDefinition
}

/** The application file in `appDir`: the first of app.ts, app.mts, app.js, app.mjs. @throws APP_NOT_FOUND */
export function findAppFile(appDir: string): string {
  const file = APP_FILES.map((name) => join(resolve(appDir), name)).find((path) => existsSync(path))
  if (file === undefined)
    throw new PlatformError('APP_NOT_FOUND', { dir: resolve(appDir), looked: APP_FILES })
  return file
}

/** @throws APP_NOT_FOUND, APP_UNLOADABLE (syntax, missing import), APP_INVALID (not the shape of `defineApp`) */
export async function loadApp(appDir: string): Promise<LoadedApp> {
  const file = findAppFile(appDir)
  let exported: { readonly default?: unknown }
  try {
    exported = (await import(pathToFileURL(file).href)) as typeof exported
  } catch (cause) {
    throw new PlatformError('APP_UNLOADABLE', { file, reason: describeError(cause) }, { cause })
  }
  const problem = problemOf(exported.default)
  if (problem !== undefined) throw new PlatformError('APP_INVALID', { file, problem })
  return { file, definition: exported.default as AppDefinition }
}

function problemOf(candidate: unknown): string | undefined {
  if (candidate === undefined) return 'it has no default export'
  if (typeof candidate !== 'object' || candidate === null)
    return `its default export is a ${typeof candidate}`
  const { name, migrations, setup } = candidate as Partial<Record<keyof AppDefinition, unknown>>
  if (typeof name !== 'string' || !NAME.test(name))
    return `its name is ${JSON.stringify(name)} and must be 1 to 50 of a-z, 0-9 and "-", beginning with a letter`
  if (migrations !== undefined && typeof migrations !== 'string')
    return 'migrations is not the path of a directory'
  if (typeof setup !== 'function') return 'setup is not a function'
  const unknown = Object.keys(candidate).find((key) => !KEYS.includes(key))
  if (unknown === undefined) return undefined
  const meant = nearest(unknown, KEYS)
  return `it has no setting "${unknown}"${meant === undefined ? '' : `; did you mean ${meant}`}`
}

/** What `setup` returned, when that is something to serve with. @throws APP_SETUP_INVALID */
export function checkRunningApp(file: string, app: unknown): RunningApp {
  const { fetch, listener } = (typeof app === 'object' && app !== null ? app : {}) as Record<string, unknown>
  if (typeof fetch === 'function' || typeof listener === 'function') return app as RunningApp
  const returned = app === null ? 'null' : Array.isArray(app) ? 'a list' : `a value of type ${typeof app}`
  throw new PlatformError('APP_SETUP_INVALID', { file, returned })
}
