// Databases that are a file on one server, or live in its memory: the servers would each have another truth.

import type { Node } from 'oxc-parser'
import type { Call } from '../calls.ts'
import type { Analysis, Match, Rule } from '../finding.ts'
import { optionsOf } from '../options.ts'
import type { Program } from '../program.ts'
import { bare, propertyOf } from '../syntax/walk.ts'

const OPENS = new Set([
  'better-sqlite3',
  'sqlite3#Database',
  'sqlite3#cached.Database',
  'sqlite#open',
  'sqlite#DatabaseSync',
  'bun:sqlite#Database',
  'lowdb#Low',
  'lowdb#LowSync',
  'lowdb/node#JSONFilePreset',
  'lowdb/node#JSONFileSyncPreset',
  'nedb',
  '@seald-io/nedb',
  'level#Level',
  'classic-level#ClassicLevel',
  'lokijs',
])
/** Which option names the engine, of libraries that work with several. */
const DIALECTS: Readonly<Record<string, string>> = {
  knex: 'client',
  'knex#knex': 'client',
  sequelize: 'dialect',
  'sequelize#Sequelize': 'dialect',
  'typeorm#DataSource': 'type',
  'typeorm#createConnection': 'type',
}

export const localDatabase: Rule = {
  name: 'local-database',
  remedy: 'Use `database`, the PostgreSQL that all servers share.',
  find: ({ program, calls }: Analysis): readonly Match[] =>
    calls
      .filter((call) => OPENS.has(call.name) || isLocalDialect(program, call) || isLocalUrl(program, call))
      .map(({ node, name }) => ({
        node,
        found: `a database of this server alone (${name.split('#')[0]}): each server has another one`,
      })),
}

function isLocalDialect(program: Program, { node, name, module }: Call): boolean {
  const option = DIALECTS[name]
  if (option === undefined) return false
  return node.arguments.some((argument) =>
    /sqlite|sqljs/.test(literal(propertyOf(optionsOf(program, module, argument), option))),
  )
}

/** libSQL speaks to a server or opens a file, as its address says. */
function isLocalUrl(program: Program, { node, name, module }: Call): boolean {
  if (name !== '@libsql/client#createClient') return false
  const options = optionsOf(program, module, node.arguments[0])
  const isReplica = propertyOf(options, 'syncUrl') !== undefined
  return !isReplica && /^(file:|:memory:)/.test(literal(propertyOf(options, 'url')))
}

function literal(node: Node | undefined): string {
  const value = node === undefined ? undefined : bare(node)
  return value?.type === 'Literal' ? String(value.value) : ''
}
