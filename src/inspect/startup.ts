// Which code runs while a process starts, and which while it serves. What a module does when it is loaded, what `setup`
// does, and what a function does that only those call, happens once in every process: state that is only changed there
// is the same everywhere. Everything else may run for a visitor.
//
// Found as the largest set that is consistent: every function begins as one of start-up, and leaves the set as soon as
// something uses it that is not of it. In doubt a function serves.

import type { MethodDefinition, Node, PropertyDefinition } from 'oxc-parser'
import { exportTarget } from './exports.ts'
import { packageName, type Program } from './program.ts'
import type { Module } from './syntax/parse.ts'
import { ancestors, bare, isFunction, keyName, parentOf, wrapped, type FunctionNode } from './syntax/walk.ts'

export interface Startup {
  /** Whether the code at `node` runs while the process starts, and never again. */
  isStart(node: Node): boolean
  /** Whether every `new` of this class happens at start; false for one that is extended or given away. */
  isMadeAtStart(classNode: Node): boolean
}

/** What contains code that runs later than where it stands: a function, or the value of a field of an instance. */
type Body = FunctionNode | PropertyDefinition

// Methods that call what they are given before anything is served: iteration, promises, and how servers are put together.
const CALLS_AT_ONCE = new Set(
  (
    'forEach map filter reduce reduceRight some every find findIndex findLast flatMap sort toSorted from fromEntries ' +
    'then catch finally register listen ready after route group'
  ).split(' '),
)
// Events of a process or a connection: state that follows them describes this process and no visitor.
const LIFECYCLE = new Set(
  (
    'connect connected disconnect disconnected reconnecting ready open close end error listening exit beforeExit ' +
    'uncaughtException unhandledRejection SIGTERM SIGINT SIGHUP SIGUSR1 SIGUSR2 warning message onReady onClose onListen'
  ).split(' '),
)
const WRAPPERS = new Set(['fastify-plugin'])

export function findStartup(program: Program): Startup {
  const uses = usesOf(program)
  const methodCalls = usesOfMethods(program)
  const start = new Set<Body>()
  for (const { nodes } of program.modules)
    for (const node of nodes) if (isFunction(node) || isInstanceField(node)) start.add(node)

  const isStart = (node: Node): boolean => {
    const body = bodyAround(node)
    return body === undefined || start.has(body)
  }
  const isMadeAtStart = (classNode: Node): boolean => {
    const made = uses.get(classNode) ?? []
    return (
      made.length > 0 &&
      made.every((node) => {
        const parent = parentOf(wrapped(node))
        return parent?.type === 'NewExpression' && parent.callee === wrapped(node) && isStart(parent)
      })
    )
  }
  const stays = (body: Body): boolean => {
    const owner = parentOf(body)
    if (body.type === 'PropertyDefinition' || isConstructor(owner)) {
      const around = [...ancestors(body)].find(
        ({ type }) => type === 'ClassDeclaration' || type === 'ClassExpression',
      )
      return around !== undefined && isMadeAtStart(around)
    }
    if (owner?.type === 'MethodDefinition') {
      const calls = methodCalls(owner)
      return calls.length > 0 && calls.every(isStart)
    }
    if (isSetup(program, body)) return true
    const called = uses.get(body) ?? []
    const inline = isNamed(body) ? [] : [body]
    const all = [...called, ...inline]
    return all.length > 0 && all.every((node) => isCalledAtOnce(program, node, isStart))
  }

  for (let before = -1; before !== start.size;) {
    before = start.size
    for (const body of start) if (!stays(body)) start.delete(body)
  }
  return { isStart, isMadeAtStart }
}

function bodyAround(node: Node): Body | undefined {
  const around = [...ancestors(node)].slice(1)
  return around.find((candidate): candidate is Body => isFunction(candidate) || isInstanceField(candidate))
}

function isInstanceField(node: Node): node is PropertyDefinition {
  return node.type === 'PropertyDefinition' && !node.static
}

function isConstructor(node: Node | undefined): boolean {
  return node?.type === 'MethodDefinition' && node.kind === 'constructor'
}

/** Bound to a name, by which every use of it is found. */
function isNamed(body: Node): boolean {
  const owner = parentOf(wrapped(body))
  if (body.type === 'FunctionDeclaration') return body.id !== null
  if (owner?.type === 'VariableDeclarator') return true
  return owner?.type === 'AssignmentExpression' && exportTarget(owner.left) !== undefined
}

/** `setup` of the application: the web process runs it once. */
function isSetup(program: Program, body: Body): boolean {
  const property = parentOf(body)
  if (property?.type !== 'Property' || keyName(property.key, property.computed) !== 'setup') return false
  const literal = parentOf(property)
  const call = literal === undefined ? undefined : parentOf(wrapped(literal))
  if (call?.type === 'ExportDefaultDeclaration') return true
  if (call?.type !== 'CallExpression') return false
  return packageName(program.resolve(program.moduleOf(call), call.callee)) === 'pando#defineApp'
}

/** Whether a function that stands at `node` is called there and then, by code that itself runs at start. */
function isCalledAtOnce(program: Program, node: Node, isStart: (node: Node) => boolean): boolean {
  const value = wrapped(node)
  const call = parentOf(value)
  if (call?.type === 'NewExpression') {
    const isExecutor = call.callee.type === 'Identifier' && call.callee.name === 'Promise'
    return (call.callee === value || isExecutor) && isStart(call)
  }
  if (call?.type === 'TaggedTemplateExpression') return isStart(call)
  if (call?.type !== 'CallExpression' || !isStart(call)) return false
  if (call.callee === value) return true
  const callee = bare(call.callee)
  const name = packageName(program.resolve(program.moduleOf(callee), callee)) ?? ''
  // What a wrapper gives back is registered in turn; a file that is read at start has been read before long.
  if (WRAPPERS.has(name) || name.startsWith('fs#')) return true
  if (callee.type !== 'MemberExpression') return false
  const method = keyName(callee.property, callee.computed) ?? ''
  if (CALLS_AT_ONCE.has(method)) return true
  const [event] = call.arguments
  const isEvent = method === 'on' || method === 'once' || method === 'addHook' || method === 'addListener'
  return isEvent && event?.type === 'Literal' && LIFECYCLE.has(String(event.value))
}

/** Where each function and class with a name is used, other than being passed on under another name. */
function usesOf(program: Program): ReadonlyMap<Node, readonly Node[]> {
  const uses = new Map<Node, Node[]>()
  for (const module of program.modules)
    for (const node of module.nodes) {
      const isName = node.type === 'Identifier' && module.bindings.has(node)
      if (!isName && !isRequire(node)) continue
      for (let used: Node | undefined = node; used !== undefined; used = memberAround(used)) {
        const target = targetOf(program, module, used)
        if (target === undefined) continue
        if (target !== parentOf(node) && !isPassedOn(used)) append(uses, target, used)
        break
      }
    }
  return uses
}

function targetOf(program: Program, module: Module, node: Node): Node | undefined {
  const entity = program.resolve(module, node)
  if (entity?.kind === 'value') return entity.path.length === 0 ? entity.node : undefined
  if (entity?.kind !== 'binding' || entity.path.length > 0 || entity.binding.init === undefined)
    return undefined
  const init = bare(entity.binding.init)
  const isTarget = isFunction(init) || init.type === 'ClassDeclaration' || init.type === 'ClassExpression'
  return isTarget && entity.binding.path.length === 0 ? init : undefined
}

function isRequire(node: Node): boolean {
  return node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'require'
}

function memberAround(node: Node): Node | undefined {
  const parent = parentOf(wrapped(node))
  return parent?.type === 'MemberExpression' && parent.object === wrapped(node) ? parent : undefined
}

function isPassedOn(node: Node): boolean {
  const value = wrapped(node)
  const parent = parentOf(value)
  switch (parent?.type) {
    case 'ExportSpecifier':
    case 'ExportDefaultDeclaration':
    case 'ImportSpecifier':
    case 'ImportDefaultSpecifier':
    case 'ImportNamespaceSpecifier':
      return true
    case 'VariableDeclarator':
      return parent.id === value || (parent.init === value && parent.id.type === 'Identifier')
    case 'AssignmentExpression':
      return parent.right === value && exportTarget(parent.left) !== undefined
    case 'Property': {
      const literal = parentOf(parent)
      const assignment = literal === undefined ? undefined : parentOf(literal)
      if (literal?.type === 'ObjectPattern') return true
      return assignment?.type === 'AssignmentExpression' && exportTarget(assignment.left) !== undefined
    }
    default:
      return false
  }
}

/**
 * Where a method is used. A static one by its class; one of instances by its name alone, whoever's it is: what kind of
 * object stands before the dot is not known.
 */
function usesOfMethods(program: Program): (method: MethodDefinition) => readonly Node[] {
  const byName = new Map<string, Node[]>()
  const ofClass = new Map<Node, Map<string, Node[]>>()
  for (const module of program.modules)
    for (const node of module.nodes) {
      if (node.type !== 'MemberExpression') continue
      const name = keyName(node.property, node.computed)
      if (name === undefined) continue
      const classNode = targetOf(program, module, node.object)
      const names = classNode === undefined ? byName : (ofClass.get(classNode) ?? new Map<string, Node[]>())
      if (classNode !== undefined) ofClass.set(classNode, names)
      append(names, name, node)
    }
  return (method) => {
    const name = keyName(method.key, method.computed) ?? ''
    const classNode = method.static ? method.parent?.parent : undefined
    const names = classNode === undefined || classNode === null ? byName : ofClass.get(classNode)
    return names?.get(name) ?? []
  }
}

function append<Key>(lists: Map<Key, Node[]>, key: Key, node: Node): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [node])
  else list.push(node)
}
