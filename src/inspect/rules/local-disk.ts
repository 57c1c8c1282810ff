// Files that requests write to the disk of one server: the next request may be answered by another. What goes to the
// system's temporary directory is reported as scratch: it is sound as long as the same request removes it.

import type { Node } from 'oxc-parser'
import type { Call } from '../calls.ts'
import type { Analysis, Match, Rule } from '../finding.ts'
import { optionsOf } from '../options.ts'
import { packageName, type Program } from '../program.ts'
import type { Module } from '../syntax/parse.ts'
import { ancestors, bare, isFunction, propertyOf } from '../syntax/walk.ts'

const WRITES =
  /^(fs|fs\/promises|fs-extra|graceful-fs)#(promises\.)?((writeFile|appendFile|copyFile|rename|mkdir|cp|symlink)(Sync)?|createWriteStream|(outputFile|outputJson|writeJson|writeJSON|ensureDir|ensureFile|mkdirs|mkdirp|move|copy)(Sync)?)$/
// `fs` methods whose file is the second argument.
const TO_SECOND = /(copyFile|rename|cp|symlink|move|copy)(Sync)?$/

export const localDisk: Rule = {
  name: 'local-disk',
  remedy: 'Keep it with `files`, which every server reads; write logs to standard output.',
  find: ({ program, calls }: Analysis): readonly Match[] => [
    ...writes(program, calls),
    ...calls.flatMap((call) => upload(program, call) ?? []),
  ],
}

/** The first write of each function; what a process writes while it starts is its own, except a log it keeps open. */
function writes(program: Program, calls: readonly Call[]): readonly Match[] {
  const found = calls
    .filter(({ name, isStart }) => WRITES.test(name) && (!isStart || name.endsWith('createWriteStream')))
    .filter((call) => !isDevice(targetOf(call)))
  const byFunction = Map.groupBy(found, ({ node }) => [...ancestors(node)].find(isFunction) ?? node)
  return [...byFunction.values()].map((group) => {
    const isScratch = group.every((call) => isTemporary(program, call.module, targetOf(call)))
    const kept = group.find((call) => !isTemporary(program, call.module, targetOf(call))) ?? group[0]!
    const method = kept.name.split(/[#.]/).at(-1)
    return isScratch
      ? { node: kept.node, found: `\`${method}\` into the temporary directory of this server`, isScratch }
      : {
          node: kept.node,
          found: `\`${method}\` writes to the disk of this server, which the others do not have`,
        }
  })
}

function targetOf({ node, name }: Call): Node | undefined {
  return node.arguments[TO_SECOND.test(name) ? 1 : 0]
}

function isDevice(path: Node | undefined): boolean {
  return path?.type === 'Literal' && /^\/(dev|proc)\//.test(String(path.value))
}

const MAX_STEPS = 5

/** Whether a path is made from `os.tmpdir()`, `mkdtemp` or `/tmp`, here or where its variable was set. */
function isTemporary(program: Program, module: Module, path: Node | undefined, steps = MAX_STEPS): boolean {
  if (path === undefined || steps === 0) return false
  const node = bare(path)
  switch (node.type) {
    case 'Literal':
      return String(node.value).startsWith('/tmp/')
    case 'TemplateLiteral':
      return (
        (node.quasis[0]?.value.raw ?? '').startsWith('/tmp/') ||
        node.expressions.some((part) => isTemporary(program, module, part, steps - 1))
      )
    case 'BinaryExpression':
      return isTemporary(program, module, node.left, steps - 1)
    case 'CallExpression': {
      const name = packageName(program.resolve(module, node.callee)) ?? ''
      if (name === 'os#tmpdir' || /#(promises\.)?mkdtemp(Sync)?$/.test(name) || /^tmp(-promise)?#/.test(name))
        return true
      return (
        name.startsWith('path#') &&
        node.arguments.some((part) => isTemporary(program, module, part, steps - 1))
      )
    }
    default: {
      const entity = program.resolve(module, node)
      if (entity?.kind !== 'binding' || entity.binding.init === undefined) return false
      return isTemporary(program, entity.module, entity.binding.init, steps - 1)
    }
  }
}

/** Middleware that puts uploads on the disk. */
function upload(program: Program, { node, name, module }: Call): Match | undefined {
  const options = optionsOf(program, module, node.arguments[0])
  const directory = (option: string): Match | undefined => {
    const path = propertyOf(options, option)
    if (path === undefined) return undefined
    const isScratch = isTemporary(program, module, path)
    return { node, found: `${name.split('#')[0]} puts uploads on the disk of this server`, isScratch }
  }
  switch (name) {
    case 'multer':
    case '@koa/multer':
    case 'fastify-multer':
      return directory('dest')
    case 'multer#diskStorage':
    case '@koa/multer#diskStorage':
      return (
        directory('destination') ?? {
          node,
          found: 'multer puts uploads into the temporary directory of this server',
          isScratch: true,
        }
      )
    case 'formidable':
    case 'formidable#formidable':
    case 'formidable#IncomingForm':
      return directory('uploadDir')
    case 'express-fileupload':
      return propertyOf(options, 'useTempFiles') === undefined ? undefined : directory('tempFileDir')
    default:
      return undefined
  }
}
