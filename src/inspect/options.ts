// The options that a package is given, as far as they are written out.

import type { Node } from 'oxc-parser'
import type { Program } from './program.ts'
import type { Module } from './syntax/parse.ts'
import { bare, keyName, propertyOf } from './syntax/walk.ts'

/** The options that a call is given: its object literal, or the one that a variable was set to and never changed. */
export function optionsOf(program: Program, module: Module, argument: Node | undefined): Node | undefined {
  if (argument === undefined) return undefined
  const node = bare(argument)
  if (node.type === 'ObjectExpression') return node
  const entity = program.resolve(module, node)
  const init = entity?.kind === 'binding' && entity.path.length === 0 ? entity.binding.init : undefined
  return init !== undefined && bare(init).type === 'ObjectExpression' ? bare(init) : undefined
}

/** Whether options are known in full and do not have `name`: no spread, no computed key, no later assignment to it. */
export function lacksOption(program: Program, options: Node | undefined, name: string): boolean {
  if (options?.type !== 'ObjectExpression' || propertyOf(options, name) !== undefined) return false
  const isWrittenOut = options.properties.every(
    (property) => property.type === 'Property' && keyName(property.key, property.computed) !== undefined,
  )
  const declarator = options.parent
  const variable = declarator?.type === 'VariableDeclarator' ? declarator.id : undefined
  const isAssigned = program.modules.some((module) =>
    module.nodes.some((node) => {
      if (node.type !== 'AssignmentExpression' || node.left.type !== 'MemberExpression') return false
      if (keyName(node.left.property, node.left.computed) !== name) return false
      const object = program.resolve(module, node.left.object)
      return object?.kind === 'binding' && object.binding.id === variable
    }),
  )
  return isWrittenOut && !isAssigned
}
