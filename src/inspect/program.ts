// The modules of one application together: what an expression stands for, followed through variables, imports and
// exports. Only what is written out is followed; whatever is computed stands for nothing, and no rule speaks of it.

import type { Node } from 'oxc-parser'
import { exportsOf, type Exports } from './exports.ts'
import type { Module } from './syntax/parse.ts'
import type { Binding } from './syntax/scope.ts'
import { ancestors, bare, isFunction, keyName, parentOf } from './syntax/walk.ts'

/** What an expression stands for. `path` is what is taken from it: `['a', 'b']` for `x.a.b`, `*` for `x[computed]`. */
export type Entity =
  /** A package or a module of Node.js (without `node:`): the `Pool` of `pg` has the name `pg` and the path `['Pool']`. */
  | { readonly kind: 'package'; readonly name: string; readonly path: readonly string[] }
  /** A module of the application as a whole. */
  | { readonly kind: 'module'; readonly module: Module }
  | {
      readonly kind: 'binding'
      readonly module: Module
      readonly binding: Binding
      readonly path: readonly string[]
    }
  /** A name that no file declares: `process`, `globalThis`. */
  | { readonly kind: 'global'; readonly name: string; readonly path: readonly string[] }
  /** A value that is exported without a name. */
  | { readonly kind: 'value'; readonly module: Module; readonly node: Node; readonly path: readonly string[] }

/** Finds the module that `specifier` (`./store.ts`) means in the file `from`; undefined when it is not of the application. */
export type ResolveModule = (from: string, specifier: string) => string | undefined

export interface Program {
  readonly modules: readonly Module[]
  /** `expression` stands in `module`. */
  resolve(module: Module, expression: Node): Entity | undefined
  moduleOf(node: Node): Module
}

/** Under which `this` of an instance stands in the path of its class. */
export const INSTANCE = 'prototype'

// Longer chains of aliases are met in no program that people wrote.
const MAX_STEPS = 20

/** `resolveModule` is asked for the application's own modules alone. */
export function createProgram(modules: readonly Module[], resolveModule: ResolveModule): Program {
  return new ResolvingProgram(modules, resolveModule)
}

class ResolvingProgram implements Program {
  readonly modules: readonly Module[]
  readonly #resolveModule: ResolveModule
  readonly #byPath: ReadonlyMap<string, Module>
  readonly #byRoot: ReadonlyMap<Node | undefined, Module>
  readonly #exports: ReadonlyMap<Module, Exports>
  readonly #known = new Map<Node, Entity | undefined>()

  constructor(modules: readonly Module[], resolveModule: ResolveModule) {
    this.modules = modules
    this.#resolveModule = resolveModule
    this.#byPath = new Map(modules.map((module) => [module.path, module]))
    this.#byRoot = new Map(modules.map((module) => [module.nodes[0], module]))
    this.#exports = new Map(modules.map((module) => [module, exportsOf(module)]))
  }

  moduleOf(node: Node): Module {
    let root = node
    for (let around = parentOf(node); around !== undefined; around = parentOf(around)) root = around
    return this.#byRoot.get(root) as Module
  }

  resolve(module: Module, expression: Node): Entity | undefined {
    if (!this.#known.has(expression))
      this.#known.set(expression, this.#settle(this.#follow(module, expression, MAX_STEPS)))
    return this.#known.get(expression)
  }

  /** A CommonJS module that exports one value is that value. */
  #settle(entity: Entity | undefined): Entity | undefined {
    if (entity?.kind !== 'module') return entity
    const whole = this.#exports.get(entity.module)?.whole
    return whole === undefined ? entity : this.#follow(entity.module, whole, MAX_STEPS)
  }

  #follow(module: Module, expression: Node, steps: number): Entity | undefined {
    if (steps === 0) return undefined
    const node = bare(expression)
    switch (node.type) {
      case 'Identifier': {
        const binding = module.bindings.get(node)
        if (binding === undefined) return { kind: 'global', name: node.name, path: [] }
        return this.#followBinding(module, binding, steps - 1)
      }
      case 'ThisExpression':
        return followThis(module, node, steps)
      case 'MemberExpression': {
        const object = this.#follow(module, node.object, steps - 1)
        const name = keyName(node.property, node.computed) ?? '*'
        return object === undefined ? undefined : this.#member(object, name, steps)
      }
      case 'ImportExpression':
        return node.source.type === 'Literal'
          ? this.#imported(module, String(node.source.value), undefined, steps)
          : undefined
      case 'CallExpression': {
        const [argument] = node.arguments
        // `require('sqlite3').verbose()` is the package itself.
        if (
          node.callee.type === 'MemberExpression' &&
          keyName(node.callee.property, node.callee.computed) === 'verbose'
        )
          return this.#follow(module, node.callee.object, steps - 1)
        const isRequire = node.callee.type === 'Identifier' && node.callee.name === 'require'
        return isRequire && argument?.type === 'Literal'
          ? this.#imported(module, String(argument.value), undefined, steps)
          : undefined
      }
      default:
        return isFunction(node) || node.type === 'ClassExpression' || node.type === 'ObjectExpression'
          ? { kind: 'value', module, node, path: [] }
          : undefined
    }
  }

  #followBinding(module: Module, binding: Binding, steps: number): Entity | undefined {
    if (binding.from !== undefined)
      return this.#imported(module, binding.from.specifier, binding.from.name, steps)
    const itself: Entity = { kind: 'binding', module, binding, path: [] }
    if (binding.init === undefined || (binding.kind !== 'const' && binding.kind !== 'var')) return itself
    const init = bare(binding.init)
    const isAlias = ['Identifier', 'MemberExpression', 'CallExpression', 'ImportExpression'].includes(
      init.type,
    )
    const source = isAlias ? this.#follow(module, init, steps) : undefined
    if (source === undefined) return itself
    return binding.path.reduce<Entity | undefined>(
      (entity, name) => (entity === undefined ? undefined : this.#member(entity, name, steps)),
      source,
    )
  }

  #imported(module: Module, specifier: string, name: string | undefined, steps: number): Entity | undefined {
    if (!isOwnSpecifier(specifier)) return ofPackage(specifier, name)
    const path = this.#resolveModule(module.path, specifier)
    const target = path === undefined ? undefined : this.#byPath.get(path)
    if (target === undefined) return undefined
    const whole: Entity = { kind: 'module', module: target }
    return name === undefined ? whole : this.#member(whole, name, steps)
  }

  #member(entity: Entity, name: string, steps: number): Entity | undefined {
    if (entity.kind === 'module')
      return steps === 0 ? undefined : this.#fromModule(entity.module, name, steps - 1)
    if (entity.kind === 'package' && name === 'default') return entity
    return { ...entity, path: [...entity.path, name] }
  }

  #fromModule(target: Module, name: string, steps: number): Entity | undefined {
    const { named, passedOn, whole } = this.#exports.get(target) as Exports
    const found = named.get(name)
    if (found?.node !== undefined) return this.#follow(target, found.node, steps)
    if (found?.from !== undefined) return this.#imported(target, found.from, found.name, steps)
    // `import x from` a CommonJS module gives what it exports as a whole.
    if (whole !== undefined) {
      const value = this.#follow(target, whole, steps)
      return value === undefined || name === 'default' ? value : this.#member(value, name, steps)
    }
    for (const specifier of passedOn) {
      const entity = steps > 0 ? this.#imported(target, specifier, name, steps - 1) : undefined
      if (entity !== undefined && entity.kind !== 'package') return entity
    }
    return undefined
  }
}

/** A relative path, or a name that the application's own package.json gives a path (`#lib/x.ts`). */
export function isOwnSpecifier(specifier: string): boolean {
  return specifier.startsWith('.') || specifier.startsWith('#')
}

function ofPackage(specifier: string, name: string | undefined): Entity {
  const path = name === undefined || name === 'default' ? [] : [name]
  return { kind: 'package', name: specifier.replace(/^node:/, ''), path }
}

/** `this` in a class, or in a method of an object literal that has a name. */
function followThis(module: Module, expression: Node, steps: number): Entity | undefined {
  for (const node of ancestors(expression)) {
    if (node.type === 'StaticBlock') return ofClass(module, node.parent?.parent, true)
    if (node.type === 'PropertyDefinition') return ofClass(module, node.parent?.parent, node.static)
    if (node.type !== 'FunctionExpression' && node.type !== 'FunctionDeclaration') continue
    const owner = node.parent
    if (owner?.type === 'MethodDefinition') return ofClass(module, owner.parent?.parent, owner.static)
    if (owner?.type !== 'Property' || owner.parent?.type !== 'ObjectExpression' || steps === 0)
      return undefined
    const literal = owner.parent
    const declarator = [...ancestors(literal)].find(({ type }) => type === 'VariableDeclarator')
    if (declarator?.type !== 'VariableDeclarator' || declarator.init === null) return undefined
    const binding = module.bindings.get(declarator.id)
    return bare(declarator.init) === literal && binding !== undefined
      ? { kind: 'binding', module, binding, path: [] }
      : undefined
  }
  return undefined
}

function ofClass(module: Module, node: Node | null | undefined, isStatic: boolean): Entity | undefined {
  if (node?.type !== 'ClassDeclaration' && node?.type !== 'ClassExpression') return undefined
  const declarator = node.parent
  const id = node.id ?? (declarator?.type === 'VariableDeclarator' ? declarator.id : undefined)
  const binding = id === undefined || id === null ? undefined : module.bindings.get(id)
  return binding === undefined
    ? undefined
    : { kind: 'binding', module, binding, path: isStatic ? [] : [INSTANCE] }
}

/** `express-session#MemoryStore`, `fs#promises.writeFile`: an entity of a package as one word; undefined for another. */
export function packageName(entity: Entity | undefined): string | undefined {
  if (entity?.kind !== 'package') return undefined
  return entity.path.length === 0 ? entity.name : `${entity.name}#${entity.path.join('.')}`
}
