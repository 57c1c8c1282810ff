// Finds and checks the application: the one place that reads `app.ts`. It does not run `setup`.

import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describeError, PlatformError } from '../base/errors.ts'
import { nearest } from '../base/nearest.ts'
import { routePatternProblem } from '../base/route-pattern.ts'
import type { AppDefinition, RunningApp } from '../index.ts'

const APP_FILES = ['app.ts', 'app.mts', 'app.js', 'app.mjs'] as const
const KEYS = ['name', 'migrations', 'idempotent', 'setup']
const MAX_IDEMPOTENT_ROUTES = 200
const SHOWN_CHARACTERS = 100
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
  const problem = problemOfApp(exported.default)
  if (problem !== undefined) throw new PlatformError('APP_INVALID', { file, problem })
  return { file, definition: exported.default as AppDefinition }
}

/** Why a default export is no application, to follow "FILE is not an application:". Pure. */
export function problemOfApp(candidate: unknown): string | undefined {
  if (candidate === undefined) return 'it has no default export'
  if (typeof candidate !== 'object' || candidate === null)
    return `its default export is a ${typeof candidate}`
  const { name, migrations, idempotent, setup } = candidate as Partial<Record<keyof AppDefinition, unknown>>
  if (typeof name !== 'string' || !NAME.test(name))
    return `its name is ${JSON.stringify(name)} and must be 1 to 50 of a-z, 0-9 and "-", beginning with a letter`
  if (migrations !== undefined && typeof migrations !== 'string')
    return 'migrations is not the path of a directory'
  const route = idempotent === undefined ? undefined : problemOfRoutes(idempotent)
  if (route !== undefined) return route
  if (typeof setup !== 'function') return 'setup is not a function'
  const unknown = Object.keys(candidate).find((key) => !KEYS.includes(key))
  if (unknown === undefined) return undefined
  const meant = nearest(unknown, KEYS)
  return `it has no setting "${unknown}"${meant === undefined ? '' : `; did you mean ${meant}`}`
}

function problemOfRoutes(routes: unknown): string | undefined {
  if (!Array.isArray(routes)) return 'idempotent is not a list of routes such as "POST /api/articles"'
  if (routes.length > MAX_IDEMPOTENT_ROUTES)
    return `idempotent lists ${routes.length} routes, and ${MAX_IDEMPOTENT_ROUTES} are the most`
  const at = routes.findIndex((route) => routePatternProblem(route) !== undefined)
  if (at < 0) return undefined
  const route: unknown = routes[at]
  const shown = typeof route === 'string' ? `, ${JSON.stringify(route.slice(0, SHOWN_CHARACTERS))},` : ''
  return `idempotent[${at}]${shown} ${routePatternProblem(route)}`
}

/** What `setup` returned, when that is something to serve with. @throws APP_SETUP_INVALID */
export function checkRunningApp(file: string, app: unknown): RunningApp {
  const { fetch, listener } = (typeof app === 'object' && app !== null ? app : {}) as Record<string, unknown>
  if (typeof fetch === 'function' || typeof listener === 'function') return app as RunningApp
  const returned = app === null ? 'null' : Array.isArray(app) ? 'a list' : `a value of type ${typeof app}`
  throw new PlatformError('APP_SETUP_INVALID', { file, returned })
}
