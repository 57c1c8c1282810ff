// Limits that are counted in one process: with three servers a visitor may do three times as much, and a restart
// forgives everything.

import type { Node } from 'oxc-parser'
import type { Call } from '../calls.ts'
import type { Analysis, Match, Rule } from '../finding.ts'
import { lacksOption, optionsOf } from '../options.ts'
import { packageName, type Program } from '../program.ts'
import { ancestors, bare, keyName, propertyOf } from '../syntax/walk.ts'

/** Count in memory unless they are given a store. */
const LIMITERS = new Set([
  'express-rate-limit',
  'express-rate-limit#rateLimit',
  'express-slow-down',
  'express-slow-down#slowDown',
  'hono-rate-limiter#rateLimiter',
])
const STORES = new Set([
  'rate-limiter-flexible#RateLimiterMemory',
  'express-rate-limit#MemoryStore',
  'express-brute#MemoryStore',
  'hono-rate-limiter#MemoryStore',
  'limiter#RateLimiter',
])

export const memoryRateLimit: Rule = {
  name: 'memory-rate-limit',
  remedy: 'Count in the database, or limit each address at the balancer with `balancer.rateLimitRequests`.',
  find: ({ program, calls }: Analysis): readonly Match[] =>
    calls
      .filter((call) => isStore(program, calls, call) || isWithoutStore(program, call))
      .map(({ node }) => ({
        node,
        found: 'a limit that each process counts for itself: with more servers a visitor may do more',
      })),
}

/** A limiter for the time in which the shared one cannot be reached is sound. */
function isStore(program: Program, calls: readonly Call[], { node, name, isStart }: Call): boolean {
  if (!STORES.has(name) || !isStart) return false
  const isSpare = (argument: Node): boolean => {
    const { parent } = argument
    return parent?.type === 'Property' && keyName(parent.key, parent.computed) === 'insuranceLimiter'
  }
  if ([...ancestors(node)].some(isSpare)) return false
  const declarator = node.parent
  return !calls.some((call) =>
    call.node.arguments.some((argument) => {
      const spare = propertyOf(optionsOf(program, call.module, argument), 'insuranceLimiter')
      const entity = spare === undefined ? undefined : program.resolve(call.module, bare(spare))
      return (
        declarator?.type === 'VariableDeclarator' &&
        entity?.kind === 'binding' &&
        entity.binding.id === declarator.id
      )
    }),
  )
}

function isWithoutStore(program: Program, { node, name, method, module }: Call): boolean {
  const [first, second] = node.arguments
  if (LIMITERS.has(name))
    return first === undefined || lacksOption(program, optionsOf(program, module, first), 'store')
  if (name === 'koa-ratelimit') {
    const driver = propertyOf(optionsOf(program, module, first), 'driver')
    return driver?.type === 'Literal' && driver.value === 'memory'
  }
  if (method !== 'register' || first === undefined) return false
  const plugin = packageName(program.resolve(module, first))
  if (plugin !== '@fastify/rate-limit' && plugin !== 'fastify-rate-limit') return false
  const options = optionsOf(program, module, second)
  return (
    second === undefined || (lacksOption(program, options, 'redis') && lacksOption(program, options, 'store'))
  )
}
