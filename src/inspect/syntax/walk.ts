// The syntax tree as the analysis sees it: values only. Types, interfaces and overloads hold no state and are left out,
// so an identifier that is met here is one that exists while the program runs.

import { visitorKeys, type Node } from 'oxc-parser'

const TYPE_KEYS = new Set([
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'returnType',
  'superTypeArguments',
  'implements',
])
const TYPE_NODES = new Set([
  'TSInterfaceDeclaration',
  'TSTypeAliasDeclaration',
  'TSDeclareFunction',
  'TSEmptyBodyFunctionExpression',
  'TSAbstractMethodDefinition',
  'TSAbstractPropertyDefinition',
])

export type FunctionNode = Extract<
  Node,
  { type: 'FunctionDeclaration' | 'FunctionExpression' | 'ArrowFunctionExpression' }
>

/** Every node of the tree, parents first, in the order of the source; each is given its `parent`. */
export function nodesOf(program: Node): readonly Node[] {
  const nodes: Node[] = []
  const waiting: Node[] = [program]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    nodes.push(node)
    const children = childrenOf(node)
    for (const child of children) child.parent = node
    waiting.push(...children.toReversed())
  }
  return nodes
}

function childrenOf(node: Node): readonly Node[] {
  const fields = node as unknown as Readonly<Record<string, unknown>>
  return (visitorKeys[node.type] ?? [])
    .filter((key) => !TYPE_KEYS.has(key))
    .flatMap((key) => fields[key])
    .filter((value): value is Node => typeof value === 'object' && value !== null)
    .filter((child) => !TYPE_NODES.has(child.type) && !isDeclared(child))
}

/** `declare const x`, `declare module`: told to the compiler only. */
function isDeclared(node: Node): boolean {
  return 'declare' in node && (node.declare ?? false)
}

export function isFunction(node: Node | undefined): node is FunctionNode {
  return (
    node?.type === 'FunctionDeclaration' ||
    node?.type === 'FunctionExpression' ||
    node?.type === 'ArrowFunctionExpression'
  )
}

export function parentOf(node: Node): Node | undefined {
  return node.parent ?? undefined
}

/** The node and those it stands in, innermost first. */
export function* ancestors(node: Node): Generator<Node, void> {
  for (let current: Node | undefined = node; current !== undefined; current = parentOf(current)) yield current
}

/** The value without what only the compiler sees: `x` of `x as T`, `x!`, `x satisfies T`, `x?.` and `await x`. */
export function bare(node: Node): Node {
  let current = node
  for (;;) {
    if (current.type === 'AwaitExpression') current = current.argument
    else if (
      current.type === 'TSAsExpression' ||
      current.type === 'TSSatisfiesExpression' ||
      current.type === 'TSNonNullExpression' ||
      current.type === 'TSTypeAssertion' ||
      current.type === 'TSInstantiationExpression' ||
      current.type === 'ChainExpression'
    )
      current = current.expression
    else return current
  }
}

/** The node with the wrappers of the compiler around it: `x!` of `x` in `x! = 1`. */
export function wrapped(node: Node): Node {
  let outermost = node
  for (let around = parentOf(node); around !== undefined; around = parentOf(around)) {
    if (around.type === 'AwaitExpression' || bare(around) !== bare(node)) return outermost
    outermost = around
  }
  return outermost
}

/** Name of a property key or member that is written out: `a` of `.a`, `['a']`, `#a`; undefined for `[expression]`. */
export function keyName(key: Node, computed: boolean): string | undefined {
  if (key.type === 'PrivateIdentifier') return `#${key.name}`
  if (key.type === 'Literal') return String(key.value)
  return key.type === 'Identifier' && !computed ? key.name : undefined
}

/** The property of an object literal by name, when it is written out. */
export function propertyOf(node: Node | undefined, name: string): Node | undefined {
  const object = node === undefined ? undefined : bare(node)
  if (object?.type !== 'ObjectExpression') return undefined
  const found = object.properties.find(
    (property) => property.type === 'Property' && keyName(property.key, property.computed) === name,
  )
  return found?.type === 'Property' ? found.value : undefined
}
