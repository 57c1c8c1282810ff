// Sessions in the memory or on the disk of one server: a visitor who comes to another is logged out.

import type { Call } from '../calls.ts'
import type { Analysis, Match, Rule } from '../finding.ts'
import { lacksOption, optionsOf } from '../options.ts'
import { packageName, type Program } from '../program.ts'

/** Stores that are not shared, by what is called to make them. */
const STORES = new Set([
  'express-session#MemoryStore',
  'memorystore',
  'hono-sessions#MemoryStore',
  'session-file-store',
  'connect-loki',
  'connect-sqlite3',
  'better-sqlite3-session-store',
])
/** Keep sessions in memory unless they are given a store. */
const IN_MEMORY = new Set(['express-session', 'koa-generic-session'])
const PLUGINS = new Set(['@fastify/session', 'fastify-session', '@mgcrea/fastify-session'])

export const localSessions: Rule = {
  name: 'local-sessions',
  remedy: 'Use `sessions`, which keeps them in PostgreSQL, or give the middleware a store on PostgreSQL.',
  find: ({ program, calls }: Analysis): readonly Match[] =>
    calls
      .filter((call) => STORES.has(call.name) || isWithoutStore(program, call))
      .map(({ node }) => ({
        node,
        found: 'sessions that only this server has: whoever comes to another one is logged out',
      })),
}

function isWithoutStore(program: Program, { node, name, method, module }: Call): boolean {
  const [first, second] = node.arguments
  if (IN_MEMORY.has(name))
    return first === undefined || lacksOption(program, optionsOf(program, module, first), 'store')
  if (method !== 'register' || first === undefined) return false
  if (!PLUGINS.has(packageName(program.resolve(module, first)) ?? '')) return false
  return second === undefined || lacksOption(program, optionsOf(program, module, second), 'store')
}
