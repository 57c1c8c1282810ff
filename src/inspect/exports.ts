// What a module gives to others, in both dialects: `export` and `module.exports`.

import type { Node } from 'oxc-parser'
import type { Module } from './syntax/parse.ts'
import { bare, keyName } from './syntax/walk.ts'

/** Either the value, or where it is passed on from. */
interface Export {
  readonly node?: Node
  readonly from?: string
  /** Its name there; undefined for that module as a whole. */
  readonly name?: string | undefined
}

export interface Exports {
  readonly named: ReadonlyMap<string, Export>
  /** Modules of `export * from`. */
  readonly passedOn: readonly string[]
  /** What `module.exports` was set to, when that is one value. */
  readonly whole: Node | undefined
}

export function exportsOf({ nodes }: Module): Exports {
  const named = new Map<string, Export>()
  const passedOn: string[] = []
  let whole: Node | undefined
  for (const node of nodes) {
    if (node.type === 'ExportDefaultDeclaration') {
      const value = node.declaration
      named.set('default', {
        node: 'id' in value && value.id !== null && value.id !== undefined ? value.id : value,
      })
    } else if (node.type === 'ExportAllDeclaration') {
      if (node.exported === null) passedOn.push(node.source.value)
      else named.set(keyName(node.exported, false) ?? '', { from: node.source.value })
    } else if (node.type === 'ExportNamedDeclaration') {
      for (const id of declaredBy(node.declaration)) named.set(id.name, { node: id.node })
      for (const { local, exported } of node.specifiers) {
        const name = keyName(exported, false) ?? ''
        named.set(
          name,
          node.source === null ? { node: local } : { from: node.source.value, name: keyName(local, false) },
        )
      }
    } else if (node.type === 'AssignmentExpression') {
      const target = exportTarget(node.left)
      if (target === undefined) continue
      if (target !== '') named.set(target, { node: node.right })
      else {
        whole = bare(node.right)
        if (whole.type !== 'ObjectExpression') continue
        for (const property of whole.properties) {
          const name = property.type === 'Property' ? keyName(property.key, property.computed) : undefined
          if (property.type === 'Property' && name !== undefined) named.set(name, { node: property.value })
        }
        whole = undefined
      }
    }
  }
  return { named, passedOn, whole }
}

/** The name that `exports.name = …` sets, '' for `module.exports = …`, undefined for anything else. */
export function exportTarget(left: Node): string | undefined {
  if (left.type !== 'MemberExpression') return undefined
  const { object } = left
  const name = keyName(left.property, left.computed)
  if (object.type === 'Identifier' && object.name === 'exports') return name
  if (object.type === 'Identifier' && object.name === 'module' && name === 'exports') return ''
  return exportTarget(object) === '' ? name : undefined
}

function declaredBy(declaration: Node | null): readonly { name: string; node: Node }[] {
  if (declaration === null) return []
  if (declaration.type === 'VariableDeclaration')
    return declaration.declarations.flatMap(({ id }) => {
      if (id.type === 'Identifier') return [{ name: id.name, node: id }]
      if (id.type !== 'ObjectPattern') return []
      return id.properties.flatMap(({ value }) =>
        value?.type === 'Identifier' ? [{ name: value.name, node: value }] : [],
      )
    })
  const id = 'id' in declaration ? declaration.id : null
  return id !== null && id !== undefined && 'name' in id && typeof id.name === 'string'
    ? [{ name: id.name, node: id }]
    : []
}
