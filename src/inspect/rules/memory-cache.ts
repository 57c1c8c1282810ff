// Caches of a library that live in one process: what one server forgets or changes, the others go on serving.

import type { Call } from '../calls.ts'
import type { Analysis, Match, Rule } from '../finding.ts'
import { lacksOption, optionsOf } from '../options.ts'
import type { Program } from '../program.ts'
import { bare, isFunction, propertyOf } from '../syntax/walk.ts'

const CACHES = new Set([
  'lru-cache',
  'lru-cache#LRUCache',
  'quick-lru',
  'tiny-lru#lru',
  'node-cache',
  'memory-cache#Cache',
  'flat-cache#FlatCache',
  '@isaacs/ttlcache',
  '@isaacs/ttlcache#TTLCache',
  'cacheable#CacheableMemory',
  'apicache#middleware',
])
/** Keep what an asynchronous function gave: data that were read somewhere. What a pure function gives may be kept. */
const MEMOIZES = new Set([
  'p-memoize',
  'memoizee',
  'memoize',
  'mem',
  'moize',
  'lodash#memoize',
  'lodash-es#memoize',
  'lodash/memoize',
  'lodash.memoize',
  'fast-memoize',
  'micro-memoize',
  'async-memoize-one',
])

export const memoryCache: Rule = {
  name: 'memory-cache',
  remedy: 'Ask the database, or keep what was computed in a table that every server reads.',
  find: ({ program, calls }: Analysis): readonly Match[] =>
    calls
      .filter((call) => isKept(call) || (call.isStart && isCache(program, call)))
      .map(({ node, name }) => ({
        node,
        found: `a cache of this process (${name.split('#')[0]}): another server does not see what is removed or replaced in it`,
      })),
}

/** Of a module that is a cache itself. */
function isKept({ name, isStart }: Call): boolean {
  return name === 'memory-cache#put' && !isStart
}

function isCache(program: Program, call: Call): boolean {
  return CACHES.has(call.name) || isMemoized(program, call) || isUnbacked(program, call)
}

function isMemoized(program: Program, { node, name, module }: Call): boolean {
  const [argument] = node.arguments
  if (!MEMOIZES.has(name) || argument === undefined) return false
  const entity = program.resolve(module, argument)
  const value = entity?.kind === 'binding' ? entity.binding.init : argument
  if (value === undefined) return false
  const body = bare(value)
  const isPromise = propertyOf(node.arguments[1], 'promise') !== undefined
  return isPromise || name === 'p-memoize' || (isFunction(body) && body.async)
}

/** `new Keyv()` is a Map unless it is given a store. */
function isUnbacked(program: Program, { node, name, module }: Call): boolean {
  if (name !== 'keyv' && name !== 'keyv#Keyv') return false
  const [argument] = node.arguments
  return argument === undefined || lacksOption(program, optionsOf(program, module, argument), 'store')
}
