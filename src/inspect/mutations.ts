// Every place of the program where something is changed, and what it is that is changed there: a variable, a property
// of an object, the content of a collection.

import type { Node } from 'oxc-parser'
import type { Entity, Program } from './program.ts'
import { bare, isFunction, keyName, type FunctionNode } from './syntax/walk.ts'

/** What a variable or a field holds, as far as its first value tells. */
export type Container = 'map' | 'set' | 'array' | 'object'

export interface Mutation {
  readonly node: Node
  /** What is changed, for example `cache`, or `state.count` as path `['count']`. */
  readonly target: Entity
  /** A method that changes a collection, with its arguments; undefined for an assignment or `delete`. */
  readonly method: string | undefined
  /** What is put there: the value assigned, or the arguments of the method. */
  readonly values: readonly Node[]
}

const MUTATORS: Readonly<Record<string, readonly Container[]>> = {
  set: ['map'],
  add: ['set'],
  delete: ['map', 'set'],
  clear: ['map', 'set'],
  push: ['array'],
  pop: ['array'],
  shift: ['array'],
  unshift: ['array'],
  splice: ['array'],
  sort: ['array'],
  reverse: ['array'],
  fill: ['array'],
}

export function mutates(method: string, container: Container): boolean {
  return MUTATORS[method]?.includes(container) ?? false
}

export function findMutations(program: Program): readonly Mutation[] {
  return program.modules.flatMap((module) =>
    module.nodes.flatMap((node) =>
      changedBy(node).flatMap(({ expression, method, values }) => {
        const target = program.resolve(module, expression)
        return target === undefined ? [] : [{ node, target, method, values }]
      }),
    ),
  )
}

interface Change {
  readonly expression: Node
  readonly method: string | undefined
  readonly values: readonly Node[]
}

function changedBy(node: Node): readonly Change[] {
  switch (node.type) {
    case 'AssignmentExpression':
      return targetsIn(node.left).map((expression) => ({
        expression,
        method: undefined,
        values: node.operator === '=' || node.operator.length === 3 ? [node.right] : [],
      }))
    case 'UpdateExpression':
      return [{ expression: node.argument, method: undefined, values: [] }]
    case 'UnaryExpression':
      return node.operator === 'delete' ? [{ expression: node.argument, method: undefined, values: [] }] : []
    case 'ForInStatement':
    case 'ForOfStatement':
      return node.left.type === 'VariableDeclaration'
        ? []
        : targetsIn(node.left).map((expression) => ({ expression, method: undefined, values: [] }))
    case 'CallExpression':
      return changedByCall(node)
    default:
      return []
  }
}

function changedByCall(node: Extract<Node, { type: 'CallExpression' }>): readonly Change[] {
  const callee = bare(node.callee)
  if (callee.type !== 'MemberExpression') return []
  const method = keyName(callee.property, callee.computed) ?? ''
  const [first, ...rest] = node.arguments
  const isObject = callee.object.type === 'Identifier' && callee.object.name === 'Object'
  if (isObject && first !== undefined && (method === 'assign' || method === 'defineProperty'))
    return [{ expression: first, method: 'Object.assign', values: rest }]
  return Object.hasOwn(MUTATORS, method)
    ? [{ expression: callee.object, method, values: node.arguments }]
    : []
}

/** `a` and `b.c` of `[a, ...b.c] = …`. */
function targetsIn(pattern: Node): readonly Node[] {
  switch (pattern.type) {
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : targetsIn(element)))
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        targetsIn(property.type === 'RestElement' ? property.argument : property.value),
      )
    case 'AssignmentPattern':
      return targetsIn(pattern.left)
    case 'RestElement':
      return targetsIn(pattern.argument)
    default:
      return [bare(pattern)]
  }
}

const CLASSES: Readonly<Record<string, Container>> = {
  Map: 'map',
  Set: 'set',
  Array: 'array',
  Object: 'object',
}

/** Undefined for anything that cannot be changed, is not known, or (WeakMap, WeakSet) forgets by itself. */
export function containerOf(value: Node | null | undefined): Container | undefined {
  if (value === null || value === undefined) return undefined
  const node = bare(value)
  switch (node.type) {
    case 'ArrayExpression':
      return 'array'
    case 'ObjectExpression':
      return 'object'
    case 'NewExpression':
      return node.callee.type === 'Identifier' ? CLASSES[node.callee.name] : undefined
    case 'CallExpression': {
      const callee = bare(node.callee)
      if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') return undefined
      const name = keyName(callee.property, callee.computed)
      if (callee.object.name === 'Object') return name === 'create' ? 'object' : undefined
      return callee.object.name === 'Array' && (name === 'from' || name === 'of') ? 'array' : undefined
    }
    default:
      return undefined
  }
}

/** The functions around `node`, innermost first. */
export function functionsAround(node: Node): readonly FunctionNode[] {
  const around: FunctionNode[] = []
  for (let current = node.parent; current !== null && current !== undefined; current = current.parent)
    if (isFunction(current)) around.push(current)
  return around
}
