// Which declaration an identifier means. Two passes, because `var` and functions may be used before they stand: first
// every declaration goes into its scope, then every other identifier is looked up from where it stands outwards.

import type { Node } from 'oxc-parser'
import { ancestors, isFunction, keyName, parentOf } from './walk.ts'

export type BindingKind = 'const' | 'let' | 'var' | 'function' | 'class' | 'import' | 'parameter' | 'other'

export interface Scope {
  /** The program, function, block, loop or class that the names are good in. */
  readonly owner: Node
  readonly outer: Scope | undefined
  readonly names: Map<string, Binding>
}

export interface Binding {
  readonly name: string
  readonly kind: BindingKind
  /** The identifier that declares it. */
  readonly id: Node
  readonly scope: Scope
  /** What a variable begins with; the function or class itself; undefined when unknown. */
  readonly init: Node | undefined
  /** Where in `init` the value stands: `['a', 'b']` for `const { a: { b } } = init`. */
  readonly path: readonly string[]
  /** For an import: the module, and the name in it; `undefined` for the module as a whole. */
  readonly from: { readonly specifier: string; readonly name: string | undefined } | undefined
}

type Details = Partial<Pick<Binding, 'init' | 'path' | 'from'>>

const BLOCKS = new Set([
  'Program',
  'BlockStatement',
  'ForStatement',
  'ForInStatement',
  'ForOfStatement',
  'SwitchStatement',
  'CatchClause',
  'ClassExpression',
  'StaticBlock',
  'TSModuleBlock',
])

/** `nodes` as `nodesOf` gives them. The result maps every identifier, declaring or using, to its binding. */
export function bindIdentifiers(nodes: readonly Node[]): ReadonlyMap<Node, Binding> {
  const scopes = new Map<Node, Scope>()
  const bindings = new Map<Node, Binding>()
  for (const node of nodes) {
    if (BLOCKS.has(node.type) || isFunction(node))
      scopes.set(node, { owner: node, outer: scopeAround(scopes, parentOf(node)), names: new Map() })
    declare(scopes, bindings, node)
  }
  for (const node of nodes) {
    if (node.type !== 'Identifier' || bindings.has(node) || !isReference(node, parentOf(node))) continue
    const found = lookUp(scopeAround(scopes, node), node.name)
    if (found !== undefined) bindings.set(node, found)
  }
  return bindings
}

function scopeAround(scopes: ReadonlyMap<Node, Scope>, node: Node | undefined): Scope | undefined {
  if (node === undefined) return undefined
  for (const around of ancestors(node)) {
    const scope = scopes.get(around)
    if (scope !== undefined) return scope
  }
  return undefined
}

function lookUp(innermost: Scope | undefined, name: string): Binding | undefined {
  for (let scope = innermost; scope !== undefined; scope = scope.outer) {
    const found = scope.names.get(name)
    if (found !== undefined) return found
  }
  return undefined
}

function declare(scopes: ReadonlyMap<Node, Scope>, bindings: Map<Node, Binding>, node: Node): void {
  const add = (scope: Scope | undefined, id: Node, kind: BindingKind, details: Details = {}): void => {
    if (scope === undefined || id.type !== 'Identifier') return
    const known = scope.names.get(id.name)
    const binding = { name: id.name, kind, id, scope, init: undefined, path: [], from: undefined, ...details }
    // `var x` twice is one variable, and so is a parameter that is declared again.
    if (known === undefined) scope.names.set(id.name, binding)
    bindings.set(id, known ?? binding)
  }
  const here = (): Scope | undefined => scopeAround(scopes, parentOf(node))

  switch (node.type) {
    case 'VariableDeclarator': {
      const declared = node.parent?.type === 'VariableDeclaration' ? node.parent.kind : 'const'
      const kind = declared === 'let' || declared === 'var' ? declared : 'const'
      const scope = kind === 'var' ? hoisted(here()) : here()
      for (const { id, path } of namesIn(node.id))
        add(scope, id, kind, path === undefined ? {} : { init: node.init ?? undefined, path })
      break
    }
    case 'FunctionDeclaration':
      if (node.id !== null) add(here(), node.id, 'function', { init: node })
      declareParameters(node)
      break
    case 'FunctionExpression':
      if (node.id !== null) add(scopes.get(node), node.id, 'function', { init: node })
      declareParameters(node)
      break
    case 'ArrowFunctionExpression':
      declareParameters(node)
      break
    case 'ClassDeclaration':
      if (node.id !== null) add(here(), node.id, 'class', { init: node })
      break
    case 'ClassExpression':
      if (node.id !== null) add(scopes.get(node), node.id, 'class', { init: node })
      break
    case 'ImportDeclaration':
      for (const specifier of node.specifiers) {
        const name =
          specifier.type === 'ImportSpecifier'
            ? (keyName(specifier.imported, false) ?? 'default')
            : specifier.type === 'ImportDefaultSpecifier'
              ? 'default'
              : undefined
        add(here(), specifier.local, 'import', { from: { specifier: node.source.value, name } })
      }
      break
    case 'CatchClause':
      if (node.param !== null) for (const { id } of namesIn(node.param)) add(scopes.get(node), id, 'other')
      break
    case 'TSEnumDeclaration':
    case 'TSModuleDeclaration':
    case 'TSImportEqualsDeclaration':
      add(here(), node.id, 'other')
      break
    default:
  }

  function declareParameters({ params }: { readonly params: readonly Node[] }): void {
    for (const parameter of params)
      for (const { id } of namesIn(parameter)) add(scopes.get(node), id, 'parameter')
  }
}

function hoisted(scope: Scope | undefined): Scope | undefined {
  let found = scope
  while (found?.outer !== undefined && !isFunction(found.owner) && found.owner.type !== 'StaticBlock')
    found = found.outer
  return found
}

/** The identifiers that a pattern declares; `path` is undefined where the place in the value is not a property. */
function namesIn(
  pattern: Node,
  path: readonly string[] | undefined = [],
): { id: Node; path: readonly string[] | undefined }[] {
  switch (pattern.type) {
    case 'Identifier':
      return [{ id: pattern, path }]
    case 'AssignmentPattern':
      return namesIn(pattern.left, undefined)
    case 'RestElement':
      return namesIn(pattern.argument, undefined)
    case 'TSParameterProperty':
      return namesIn(pattern.parameter, undefined)
    case 'ArrayPattern':
      return pattern.elements.flatMap((element) => (element === null ? [] : namesIn(element, undefined)))
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) => {
        if (property.type === 'RestElement') return namesIn(property, undefined)
        const name = keyName(property.key, property.computed)
        return namesIn(property.value, path === undefined || name === undefined ? undefined : [...path, name])
      })
    default:
      return []
  }
}

/** Whether an identifier stands for a value, and is not the name of a property, a label or an export. */
function isReference(node: Node, parent: Node | undefined): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return parent.object === node || parent.computed
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'AccessorProperty':
      return parent.value === node || parent.computed
    case 'ExportSpecifier':
      return (
        parent.local === node &&
        parent.parent?.type === 'ExportNamedDeclaration' &&
        parent.parent.source === null
      )
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'ImportSpecifier':
    case 'ExportAllDeclaration':
    case 'ImportAttribute':
    case 'MetaProperty':
    case 'TSEnumMember':
      return false
    default:
      return true
  }
}
