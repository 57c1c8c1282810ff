// Changes that make no difference between servers, although they happen while visitors are served: something that is
// made at its first use and kept, a handle of this very process, a mark that is only ever set.

import type { Node } from 'oxc-parser'
import { containerOf, functionsAround, type Mutation } from './mutations.ts'
import type { Program } from './program.ts'
import { ancestors, bare, isFunction, keyName } from './syntax/walk.ts'

// A connection, a compiled pattern, a handle: each process has its own and must.
const RESOURCE =
  /(Pool|Client|Connection|Agent|Socket|Server|Worker|Transport(er)?|Logger|RegExp|Format|Formatter|Collator|Segmenter|Encoder|Decoder|DataSource|Sequelize|Knex|Redis|Browser|Keys?(Like|Object)?|AbortController|Template|Gauge|Counter|Histogram|Summary|Meter|Tracer|Parser|Renderer|Tokenizer|Validator|Registry)$/
const MAKES =
  /^(connect|listen|compile|createServer|createPool|createClient|createConnection|createTransport|createSecretKey|createPublicKey|createPrivateKey|importKey|importJWK|importSPKI|importPKCS8|generateKey|setTimeout|setInterval|setImmediate|launch)$|^(create|make|open|connect|get|init|build|compile)\w*(Pool|Client|Connection|Agent|Server|Transport|Logger|Worker|Template|Validator)$/

/** Whether a value belongs to the process: it is not what visitors wrote, and another server has its own. */
export function isResource(program: Program, value: Node): boolean {
  const node = bare(value)
  if (isNothing(node)) return true
  if (node.type === 'NewExpression') return RESOURCE.test(calledName(node.callee))
  if (node.type === 'CallExpression') {
    const name = calledName(node.callee)
    if (MAKES.test(name)) return true
    const callee = bare(node.callee)
    // `createClient().connect()`, a timer that is `unref`ed
    return (
      callee.type === 'MemberExpression' &&
      isResource(program, callee.object) &&
      !isNothing(bare(callee.object))
    )
  }
  if (node.type === 'ConditionalExpression')
    return isResource(program, node.consequent) && isResource(program, node.alternate)
  if (node.type !== 'Identifier') return false
  const entity = program.resolve(program.moduleOf(node), node)
  const isLocal = entity?.kind === 'binding' && entity.path.length === 0 && entity.binding.kind === 'const'
  return isLocal && entity.binding.init !== undefined && entity.binding.path.length === 0
    ? isResource(program, entity.binding.init)
    : false
}

function calledName(callee: Node): string {
  const node = bare(callee)
  if (node.type === 'MemberExpression') return keyName(node.property, node.computed) ?? ''
  return node.type === 'Identifier' ? node.name : ''
}

function isNothing(node: Node): boolean {
  if (node.type === 'Literal') return node.value === null
  if (node.type === 'UnaryExpression') return node.operator === 'void'
  return node.type === 'Identifier' && node.name === 'undefined'
}

/** Whether `mutations`, all assignments to one variable or field, leave every process with the same in the end. */
export function settlesOnce(program: Program, mutations: readonly Mutation[]): boolean {
  const values = mutations.flatMap(({ values }) => values)
  if (values.length < mutations.length) return false
  if (isRegistration(mutations) || values.every((value) => isResource(program, value))) return true
  // Under a key that visitors bring, a mark is what one of them did, and what is kept is a cache of their data.
  if (mutations.some(isDynamic)) return false
  return isMark(values) || mutations.every(isFirstUse)
}

function isDynamic({ target }: Mutation): boolean {
  return target.kind !== 'module' && target.path.at(-1) === '*'
}

/** `kinds.http = new HttpKind()`: what is there is written in the source. */
function isRegistration(mutations: readonly Mutation[]): boolean {
  return mutations.every(({ target, values }) => {
    const key = target.kind === 'module' ? undefined : target.path.at(-1)
    return (
      key !== undefined &&
      key !== '*' &&
      values.every((value) => bare(value).type === 'NewExpression' && containerOf(value) === undefined)
    )
  })
}

/** Only ever set to one and the same literal: `warned = true`. */
function isMark(values: readonly Node[]): boolean {
  const literals = new Set(
    values.map((value) => (value.type === 'Literal' ? String(value.value) : undefined)),
  )
  return literals.size === 1 && !literals.has(undefined)
}

/** `x ??= …`, `if (!x) x = …`, `return x || (x = …)`, or `if (x) return x` before it. */
function isFirstUse({ node }: Mutation): boolean {
  if (node.type !== 'AssignmentExpression') return false
  if (node.operator === '??=' || node.operator === '||=') return true
  if (node.operator !== '=') return false
  const text = textOf(node.left)
  for (const around of ancestors(node)) {
    if (isFunction(around)) break
    const { parent } = around
    if (parent?.type === 'IfStatement' && parent.consequent === around && asksAbsence(parent.test, text))
      return true
    if (parent?.type === 'LogicalExpression' && parent.right === around && parent.operator !== '&&')
      if (textOf(parent.left) === text) return true
    if (parent?.type === 'LogicalExpression' && parent.right === around && parent.operator === '&&')
      if (asksAbsence(parent.left, text)) return true
  }
  const [body] = functionsAround(node)
  if (body?.body?.type !== 'BlockStatement') return false
  return body.body.body.some(
    (statement) =>
      statement.type === 'IfStatement' &&
      statement.end < node.start &&
      asksPresence(statement.test, text) &&
      returns(statement.consequent),
  )
}

function returns(statement: Node): boolean {
  if (statement.type === 'BlockStatement') return statement.body.some(returns)
  return statement.type === 'ReturnStatement'
}

function asksAbsence(test: Node, text: string): boolean {
  if (test.type === 'UnaryExpression') return test.operator === '!' && textOf(test.argument) === text
  if (test.type === 'LogicalExpression')
    return test.operator === '||' ? false : asksAbsence(test.left, text) || asksAbsence(test.right, text)
  return test.type === 'BinaryExpression' && /^===?$/.test(test.operator) && comparesNothing(test, text)
}

function asksPresence(test: Node, text: string): boolean {
  if (textOf(test) === text) return true
  return test.type === 'BinaryExpression' && /^!==?$/.test(test.operator) && comparesNothing(test, text)
}

function comparesNothing(test: Extract<Node, { type: 'BinaryExpression' }>, text: string): boolean {
  const isType = test.left.type === 'UnaryExpression' && test.left.operator === 'typeof'
  if (isType && test.left.type === 'UnaryExpression')
    return (
      textOf(test.left.argument) === text && test.right.type === 'Literal' && test.right.value === 'undefined'
    )
  return textOf(test.left) === text && isNothing(test.right)
}

/** A name or a chain of properties as one text; anything else has a text of its own. */
function textOf(expression: Node): string {
  const node = bare(expression)
  if (node.type === 'Identifier') return node.name
  if (node.type === 'ThisExpression') return 'this'
  if (node.type === 'MemberExpression')
    return `${textOf(node.object)}.${keyName(node.property, node.computed) ?? textOf(node.property)}`
  return `${node.type}@${node.start}`
}
