// Every call and every `new` of the program, with what is called.

import type { Node } from 'oxc-parser'
import { packageName, type Entity, type Program } from './program.ts'
import type { Startup } from './startup.ts'
import type { Module } from './syntax/parse.ts'
import { bare, keyName } from './syntax/walk.ts'

export interface Call {
  readonly node: Extract<Node, { type: 'CallExpression' | 'NewExpression' }>
  readonly module: Module
  /** `express-session`, `fs#writeFile`, or for what no file declares `setInterval`; '' for anything else. */
  readonly name: string
  /** `register` of `x.register(…)`; '' for a call of a plain name. */
  readonly method: string
  /** What `x` of `x.register(…)` stands for. */
  readonly object: Entity | undefined
  /** It runs while the process starts. */
  readonly isStart: boolean
}

export function findCalls(program: Program, startup: Startup): readonly Call[] {
  return program.modules.flatMap((module) =>
    module.nodes.flatMap((node): Call[] => {
      if (node.type !== 'CallExpression' && node.type !== 'NewExpression') return []
      const callee = bare(node.callee)
      const isMember = callee.type === 'MemberExpression'
      return [
        {
          node,
          module,
          name: nameOf(program.resolve(module, callee)),
          method: isMember ? (keyName(callee.property, callee.computed) ?? '') : '',
          object: isMember ? program.resolve(module, callee.object) : undefined,
          isStart: startup.isStart(node),
        },
      ]
    }),
  )
}

/** `setInterval` also as `globalThis.setInterval` and `import { setInterval } from 'node:timers'`. */
function nameOf(entity: Entity | undefined): string {
  if (entity?.kind !== 'global') return (packageName(entity) ?? '').replace(/^timers#/, '')
  const isGlobalObject = entity.name === 'globalThis' || entity.name === 'global'
  return (isGlobalObject ? entity.path : [entity.name, ...entity.path]).join('.')
}
