// Messages that reach only the visitors of one process: lists of open responses or sockets, an event emitter that
// requests subscribe to, socket.io without an adapter, the clients of a WebSocket server.

import type { Node } from 'oxc-parser'
import { isAudience } from '../audience.ts'
import type { Analysis, Match, Rule } from '../finding.ts'
import { lacksOption, optionsOf } from '../options.ts'
import { packageName, type Entity } from '../program.ts'
import type { Module } from '../syntax/parse.ts'
import { bare, keyName, parentOf, wrapped } from '../syntax/walk.ts'

export const processBroadcast: Rule = {
  name: 'process-broadcast',
  remedy: 'Write the message to a table that every server reads, and let each tell its own visitors.',
  find: (analysis) => [
    ...lists(analysis),
    ...emitters(analysis),
    ...socketServers(analysis),
    ...socketClients(analysis),
  ],
}

function lists({ states }: Analysis): readonly Match[] {
  return states.filter(isAudience).map(({ name, node, changes }) => ({
    node,
    found: `\`${name}\` holds the visitors of this process, and those of the others hear nothing`,
    changedAt: changes[0]!.node,
  }))
}

const EMITTERS = new Set([
  'events',
  'events#EventEmitter',
  'eventemitter3',
  'eventemitter3#EventEmitter',
  'mitt',
])
const SUBSCRIBES = new Set(['on', 'once', 'addListener'])

/** An emitter of the process that a request subscribes to: what another process emits does not arrive. */
function emitters({ calls }: Analysis): readonly Match[] {
  return calls.flatMap(({ node, name, isStart }): Match[] => {
    const declarator = parentOf(wrapped(node))
    if (!EMITTERS.has(name) || !isStart || declarator?.type !== 'VariableDeclarator') return []
    const subscribed = calls.find(
      (call) => SUBSCRIBES.has(call.method) && !call.isStart && isVariable(call.object, declarator.id),
    )
    if (subscribed === undefined) return []
    const found = 'requests subscribe to an event emitter that hears only this process'
    return [{ node, found, changedAt: subscribed.node }]
  })
}

/** socket.io keeps its rooms in memory unless it is given an adapter. */
function socketServers({ program, calls }: Analysis): readonly Match[] {
  if (calls.some(({ method }) => method === 'adapter')) return []
  return calls
    .filter(({ name }) => name === 'socket.io#Server' || name === 'socket.io')
    .filter(({ node, module }) => {
      // The options come last, after the server, if at all.
      const last = node.arguments.at(-1)
      const options = optionsOf(program, module, last)
      return options === undefined ? !isNamedOptions(last) : lacksOption(program, options, 'adapter')
    })
    .map(({ node }) => ({
      node,
      found: 'socket.io without an adapter: a room reaches only the sockets of this process',
    }))
}

function isNamedOptions(argument: Node | undefined): boolean {
  return argument?.type === 'Identifier' && /opt|conf/i.test(argument.name)
}

const SOCKET_SERVERS = new Set(['ws#WebSocketServer', 'ws#Server'])

/** A message to all of `wss.clients`: the sockets of one process. */
function socketClients({ program }: Analysis): readonly Match[] {
  return program.modules.flatMap((module) =>
    module.nodes.flatMap((node): Match[] => {
      if (node.type !== 'MemberExpression' || keyName(node.property, node.computed) !== 'clients') return []
      const server = program.resolve(module, node.object)
      if (server?.kind !== 'binding' || server.path.length > 0 || server.binding.init === undefined) return []
      const made = bare(server.binding.init)
      if (made.type !== 'NewExpression') return []
      const name = packageName(program.resolve(server.module, made.callee))
      if (name === undefined || !SOCKET_SERVERS.has(name) || !isSentTo(module, node)) return []
      return [{ node, found: 'a message to `clients` reaches only the sockets of this process' }]
    }),
  )
}

/** Not counted, nor closed one by one. */
function isSentTo({ nodes }: Module, clients: Node): boolean {
  const parent = parentOf(wrapped(clients))
  const loop =
    parent?.type === 'ForOfStatement' ? parent : parent === undefined ? undefined : parentOf(parent)
  return (
    loop !== undefined &&
    nodes.some(
      (node) =>
        node.type === 'Identifier' && node.name === 'send' && node.start > loop.start && node.end < loop.end,
    )
  )
}

function isVariable(entity: Entity | undefined, id: Node): boolean {
  return entity?.kind === 'binding' && entity.path.length === 0 && entity.binding.id === id
}
