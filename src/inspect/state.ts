// The state of a process: variables, fields and collections that live as long as it does and are changed while it
// serves. Each is found once, where it is declared, with all its changes. Constant tables, what is only filled at start,
// and what each process must have for itself (connections, compiled patterns) are not among them.

import type { Node, PropertyDefinition } from 'oxc-parser'
import { settlesOnce, isResource } from './made-once.ts'
import { containerOf, mutates, type Mutation } from './mutations.ts'
import { INSTANCE, type Entity, type Program } from './program.ts'
import type { Startup } from './startup.ts'
import type { Binding } from './syntax/scope.ts'
import { bare, keyName, propertyOf } from './syntax/walk.ts'

export interface State {
  /** As a person calls it: `sessions`, `Counter.count`, `globalThis.cache`. */
  readonly name: string
  /** The identifier or field that declares it. */
  readonly node: Node
  readonly changes: readonly Mutation[]
}

const ARITHMETIC = /^[-+*/%]=$|^\*\*=$/

/** Where a change lands: the declaration it belongs to, and the part of it. */
interface Landing {
  readonly name: string
  readonly node: Node
  readonly slot: string
  readonly change: Mutation
}

export function findState(
  program: Program,
  startup: Startup,
  mutations: readonly Mutation[],
): readonly State[] {
  const landings = mutations
    .filter(({ node }) => !startup.isStart(node))
    .flatMap((change) => landingOf(startup, change) ?? [])
  const byDeclaration = Map.groupBy(landings, ({ node, name }) =>
    name.startsWith('globalThis.') ? name : node,
  )
  return [...byDeclaration.values()]
    .filter((group) =>
      [...Map.groupBy(group, ({ slot }) => slot).values()].some((slot) => isState(program, slot)),
    )
    .map((group) => ({
      name: group[0]!.name,
      node: group[0]!.node,
      changes: group.map(({ change }) => change),
    }))
}

function landingOf(startup: Startup, change: Mutation): Landing | undefined {
  const { target } = change
  if (target.kind === 'global') return ofGlobal(change, target)
  if (target.kind !== 'binding') return undefined
  const { binding, path } = target
  if (binding.kind === 'class') return ofClass(startup, change, binding, path)
  const isVariable = binding.kind === 'const' || binding.kind === 'let' || binding.kind === 'var'
  if (!isVariable || !startup.isStart(binding.id)) return undefined
  const isSet = path.length === 0 && change.method === undefined && binding.kind !== 'const'
  if (!isSet && (binding.path.length > 0 || !changesInside(binding.init, path, change))) return undefined
  return { name: binding.name, node: binding.id, slot: path.join('.'), change }
}

function ofGlobal(
  change: Mutation,
  { name, path }: Extract<Entity, { kind: 'global' }>,
): Landing | undefined {
  const isGlobalObject = name === 'globalThis' || name === 'global'
  if (!isGlobalObject || path.length !== 1 || change.method !== undefined) return undefined
  return { name: `globalThis.${path[0]}`, node: change.node, slot: path[0]!, change }
}

function ofClass(
  startup: Startup,
  change: Mutation,
  binding: Binding,
  path: readonly string[],
): Landing | undefined {
  const isInstance = path[0] === INSTANCE
  const [field, ...inside] = isInstance ? path.slice(1) : path
  const classNode = binding.init
  if (field === undefined || classNode === undefined || !('body' in classNode)) return undefined
  if (isInstance && !startup.isMadeAtStart(classNode)) return undefined
  const declared = fieldOf(classNode, field, !isInstance)
  if (declared === undefined) return undefined
  // A field of an instance that is set is its connection or its state of life far more often than visitors' data; one
  // that is counted in is not.
  const isSet = inside.length === 0 && change.method === undefined && (!isInstance || isCounted(change))
  if (!isSet && !changesInside(declared.value, inside, change)) return undefined
  return { name: `${binding.name}.${field}`, node: declared.key, slot: path.join('.'), change }
}

/** `count++`, `total += price` */
function isCounted({ node }: Mutation): boolean {
  if (node.type === 'UpdateExpression') return true
  return node.type === 'AssignmentExpression' && ARITHMETIC.test(node.operator)
}

function fieldOf(classNode: Node, name: string, isStatic: boolean): PropertyDefinition | undefined {
  if (classNode.type !== 'ClassDeclaration' && classNode.type !== 'ClassExpression') return undefined
  for (const member of classNode.body.body)
    if (member.type === 'PropertyDefinition' && member.static === isStatic)
      if (keyName(member.key, member.computed) === name) return member
  return undefined
}

/** Whether a change lands in a collection that `init` is written out as; `path` leads there. */
function changesInside(
  init: Node | null | undefined,
  path: readonly string[],
  { method }: Mutation,
): boolean {
  if (init === null || init === undefined) return false
  const [name, ...rest] = path
  const container = containerOf(init)
  if (name === undefined) {
    if (container === undefined || method === undefined) return false
    return method === 'Object.assign' ? container === 'object' : mutates(method, container)
  }
  if (rest.length === 0 && method === undefined) return container === 'object' || container === 'array'
  const value = propertyOf(bare(init), name)
  return value !== undefined && changesInside(value, rest, { method } as Mutation)
}

const ADDS = new Set(['set', 'add', 'push', 'unshift', 'fill', 'splice', 'Object.assign'])
const ORDERS = new Set(['sort', 'reverse'])

/** `landings` of one slot. */
function isState(program: Program, landings: readonly Landing[]): boolean {
  const changes = landings.map(({ change }) => change).filter(({ method }) => !ORDERS.has(method ?? ''))
  if (changes.length === 0) return false
  const assigned = changes.filter(({ method }) => method === undefined)
  const added = changes.filter(({ method }) => method !== undefined && ADDS.has(method))
  if (added.length === 0) return assigned.length === 0 || !settlesOnce(program, assigned)
  const isHandles = added.every(({ values }) => values.length > 0 && isResource(program, values.at(-1)!))
  return !isHandles || (assigned.length > 0 && !settlesOnce(program, assigned))
}
