// Work by the clock that every process would do: intervals and schedulers that are set up while it starts. An interval
// that a request sets up, such as the heartbeat of an open response, is its own business.

import type { Node } from 'oxc-parser'
import type { Call } from '../calls.ts'
import type { Analysis, Match, Rule } from '../finding.ts'
import type { Program } from '../program.ts'
import { ancestors, bare, isFunction } from '../syntax/walk.ts'

const SCHEDULERS = new Set([
  'node-cron#schedule',
  'cron#CronJob',
  'cron#job',
  'cron#CronJob.from',
  'croner',
  'croner#Cron',
  'node-schedule#scheduleJob',
  'bree',
  'toad-scheduler#ToadScheduler',
  'toad-scheduler#SimpleIntervalJob',
  'toad-scheduler#CronJob',
  'later#setInterval',
  'cron-schedule#TimerBasedCronScheduler.setInterval',
])
const LONG_MS = 60_000

export const processTimer: Rule = {
  name: 'process-timer',
  remedy:
    'Let every server ask, and a row of the database with the time it is due decide which of them does it.',
  find: ({ program, calls }: Analysis): readonly Match[] =>
    calls.flatMap((call): readonly Match[] => {
      const { node, name, isStart } = call
      if (SCHEDULERS.has(name))
        return [{ node, found: `${name.split('#')[0]} runs this in every process, so once on each server` }]
      if (name === 'setInterval' && isStart)
        return [
          { node, found: 'an interval that every process starts, so its work is done once on each server' },
        ]
      if (name === 'setTimeout' && isRecurring(program, calls, call))
        return [
          {
            node,
            found: 'a timer that sets itself again in every process, so its work is done once on each server',
          },
        ]
      if (name === 'setTimeout' && isStart && (milliseconds(node.arguments[1]) ?? 0) >= LONG_MS)
        return [{ node, found: 'work put off by every process, so it is done once on each server' }]
      return []
    }),
}

/** A function whose last act is to put itself off, begun while the process starts. */
function isRecurring(program: Program, calls: readonly Call[], { node, module }: Call): boolean {
  const [callback] = node.arguments
  const entity = callback === undefined ? undefined : program.resolve(module, callback)
  if (entity?.kind !== 'binding' || entity.path.length > 0 || entity.binding.init === undefined) return false
  const body = bare(entity.binding.init)
  if (!isFunction(body) || ![...ancestors(node)].includes(body)) return false
  return calls.some(
    (call) =>
      call.isStart &&
      (isSame(program, call, call.node.callee, body) ||
        call.node.arguments.some((argument) => isSame(program, call, argument, body))),
  )
}

function isSame(program: Program, { module }: Call, expression: Node, body: Node): boolean {
  const entity = program.resolve(module, expression)
  if (entity?.kind !== 'binding' || entity.path.length > 0 || entity.binding.init === undefined) return false
  return bare(entity.binding.init) === body
}

/** `60 * 60 * 1000`; undefined for anything that is not written as numbers. */
function milliseconds(value: Node | undefined): number | undefined {
  if (value === undefined) return undefined
  const node = bare(value)
  if (node.type === 'Literal') return typeof node.value === 'number' ? node.value : undefined
  if (node.type !== 'BinaryExpression' || node.operator !== '*') return undefined
  const left = milliseconds(node.left)
  const right = milliseconds(node.right)
  return left === undefined || right === undefined ? undefined : left * right
}
