// Each rule on small programs: what it fires on, and what it stays silent on. A program is one file, `app.ts`.

import { describe, expect, test } from 'vitest'
import { inspect } from '../inspect.ts'
import { parseModule, type Module } from '../syntax/parse.ts'
import { rules } from './index.ts'

/** Names of the rules that fire, in the order of the source. */
function firing(text: string): readonly string[] {
  const module = parseModule('app.ts', text) as Module
  return inspect([module], () => undefined).findings.map(({ rule }) => rule)
}

/** A handler of visitors, with `body` in it. */
const handler = (body: string): string => `export function handle(req, res) { ${body} }`

describe('module-state fires on', () => {
  test.each([
    ['a counter', `let next = 0; ${handler('return next++')}`],
    ['a variable that a request sets', `let last; ${handler('last = req.user')}`],
    ['a variable that a pattern sets', `let last; ${handler('({ user: last } = req)')}`],
    ['a Map', `const carts = new Map<string, Cart>(); ${handler('carts.set(req.id, req.body)')}`],
    ['a Set that is only emptied and filled', `const seen = new Set(); ${handler('seen.add(req.id)')}`],
    ['an array', `const orders: Order[] = []; ${handler('orders.push(req.body)')}`],
    ['an object used as a dictionary', `const byId = {}; ${handler('byId[req.id] = req.body')}`],
    ['a deleted property', `const byId = {}; ${handler('delete byId[req.id]')}`],
    ['a property of an object', `const stats = { hits: 0 }; ${handler('stats.hits += 1')}`],
    ['a collection inside an object', `const store = { orders: [] }; ${handler('store.orders.push(1)')}`],
    ['an object with methods', `const store = { n: 0, hit() { this.n++ } }; ${handler('store.hit()')}`],
    ['Object.assign', `const flags = {}; ${handler('Object.assign(flags, req.body)')}`],
    ['an alias', `const state = { a: [] }; ${handler('const { a } = state; a.push(1)')}`],
    ['a static field', `class Counter { static count = 0 } ${handler('Counter.count++')}`],
    [
      'a private static field',
      `export class C { static #all = new Map(); add(k) { C.#all.set(k, 1) } } ${handler('new C().add(1)')}`,
    ],
    [
      'the field of an object made at start',
      `class Store { #rows = new Map(); put(k) { this.#rows.set(k, 1) } } const store = new Store(); ${handler('store.put(1)')}`,
    ],
    [
      'a field that an object made at start counts in',
      `class Ids { next = 0; give() { return this.next++ } } const ids = new Ids(); ${handler('return ids.give()')}`,
    ],
    [
      'a private field that is added to',
      `class Sales { #sum = 0; sell(price) { this.#sum += price } } const sales = new Sales(); ${handler('sales.sell(1)')}`,
    ],
    ['marks under the keys that visitors bring', `const seen = {}; ${handler('seen[req.id] = true')}`],
    [
      'what is kept of every key that visitors bring',
      `const users = {}; ${handler('return (users[req.id] ??= load(req.id))')}`,
    ],
    ['globalThis', handler('globalThis.lastUser = req.user')],
    [
      'a variable of setup',
      `export default { name: 'a', setup() { let hits = 0; return { fetch: () => new Response(String(hits++)) } } }`,
    ],
    [
      'a variable of what setup calls',
      `function make() { let n = 0; return { next: () => n++ } } export default { setup() { const ids = make(); return { fetch: () => ids.next() } } }`,
    ],
    [
      'a cache that is thrown away again',
      `let cache; async function read() { if (!cache) cache = await db.all(); return cache } ${handler('cache = undefined; return read()')}`,
    ],
    ['a flag that goes up and down', `let busy = false; ${handler('busy = true; work(); busy = false')}`],
    ['CommonJS', `const rows = []; exports.add = (row) => { rows.push(row) }`],
  ])('%s', (_what, text) => {
    expect(firing(text)).toEqual(['module-state'])
  })
})

describe('module-state is silent on', () => {
  test.each([
    ['a constant table', `const KINDS = new Map([['a', 1]]); ${handler('return KINDS.get(req.kind)')}`],
    [
      'a table that is filled while the module loads',
      `const table = new Map(); for (const row of rows) table.set(row.id, row); ${handler('return table.get(1)')}`,
    ],
    [
      'a table that a callback fills while the module loads',
      `const table = {}; rows.forEach((row) => { table[row.id] = row }); ${handler('return table')}`,
    ],
    [
      'a table that a function fills while the module loads',
      `const table = []; function add(row) { table.push(row) } add(1); add(2); ${handler('return table')}`,
    ],
    ['a WeakMap by request', `const users = new WeakMap(); ${handler('users.set(req, 1)')}`],
    ['a local variable of the same name', `const list = []; ${handler('const list = []; list.push(1)')}`],
    ['a parameter of the same name', `let user; export function handle(user) { user = 1 }`],
    ['a variable of the request', handler('let n = 0; n++; const seen = new Set(); seen.add(n)')],
    [
      'a connection made at its first use',
      `let pool; ${handler('if (!pool) pool = new Pool(); return pool')}`,
    ],
    [
      'a connection that is closed again',
      `let client: Client | undefined; export async function open() { client ??= createClient(); return client } export function close() { client = undefined }`,
    ],
    ['a promise kept from its first use', `let ready; ${handler('return (ready ||= load())')}`],
    [
      'a value behind an early return',
      `let keys; ${handler('if (keys !== undefined) return keys; keys = read(); return keys')}`,
    ],
    [
      'a singleton',
      `export class S { static instance; static get() { if (!S.instance) S.instance = new S(); return S.instance } }`,
    ],
    [
      'pools by tenant',
      `const pools = new Map(); ${handler('const pool = new Pool(); pools.set(req.tenant, pool)')}`,
    ],
    [
      'compiled patterns',
      `const patterns = new Map(); ${handler('patterns.set(req.word, new RegExp(req.word))')}`,
    ],
    [
      'a field that holds the connection',
      `class Db { client = null; open() { this.client = connect() } } const db = new Db(); ${handler('db.open()')}`,
    ],
    [
      'pools by the names that visitors bring',
      `const pools = {}; ${handler('pools[req.tenant] ??= new Pool()')}`,
    ],
    [
      'a mark that something was said once',
      `let warned = false; ${handler('if (!warned) { warned = true; log() }')}`,
    ],
    [
      'the handle of a timer',
      `let timer; export function plan() { timer = setTimeout(work, 5); clearTimeout(timer) }`,
    ],
    [
      'what a signal sets',
      `let stopping = 0; process.on('SIGTERM', () => { stopping++ }); ${handler('return stopping')}`,
    ],
    [
      'the state of a connection',
      `let up = false; client.on('connect', () => { up = true }); client.on('end', () => { up = false })`,
    ],
    [
      'the resolver of a promise',
      `let done; const ready = new Promise((resolve) => { done = resolve }); ${handler('return ready')}`,
    ],
    [
      'what main sets before it listens',
      `let server; async function main() { await connect(); server = app.listen(1) } main().catch(console.error)`,
    ],
    [
      'a repository with a method called delete',
      `const repositories = { users: new Users() }; ${handler('repositories.users.delete(1)')}`,
    ],
    [
      'a list that a callback of fs fills at start',
      `import fs from 'fs'; const names = []; fs.readdir('a', (error, found) => { found.forEach((name) => names.push(name)) }); ${handler('return names')}`,
    ],
    ['types', `export interface A { list: string[] } declare let x: number; type B = { push(): void }`],
    [
      'an object made for each request',
      `class Cart { items = []; add(x) { this.items.push(x) } } ${handler('new Cart().add(1)')}`,
    ],
    [
      'a plugin that is registered once',
      `const plugin = async (app) => { const seen = []; for (const x of [1]) seen.push(x) }; app.register(plugin)`,
    ],
  ])('%s', (_what, text) => {
    expect(firing(text)).toEqual([])
  })
})

const EXPRESS = "import session from 'express-session';"

describe.each<{ rule: string; fires: readonly string[]; silent: readonly string[] }>([
  {
    rule: 'memory-cache',
    fires: [
      "import { LRUCache } from 'lru-cache'; export const cache = new LRUCache({ max: 5 })",
      "const NodeCache = require('node-cache'); const cache = new NodeCache()",
      "import pMemoize from 'p-memoize'; export const read = pMemoize(fetchIt)",
      "import _ from 'lodash'; const read = _.memoize(async (id) => db.read(id))",
      "import Keyv from 'keyv'; const kept = new Keyv({ namespace: 'a' })",
      `import cache from 'memory-cache'; ${handler("cache.put('a', 1)")}`,
    ],
    silent: [
      "import _ from 'lodash'; export const slug = _.memoize((text) => text.toLowerCase())",
      `import { LRUCache } from 'lru-cache'; ${handler('const perRequest = new LRUCache({ max: 5 })')}`,
      "import Keyv from 'keyv'; const kept = new Keyv({ store })",
      "import { LRUCache } from './lru-cache.ts'; export const cache = new LRUCache()",
    ],
  },
  {
    rule: 'process-timer',
    fires: [
      'setInterval(sweep, 1000)',
      "import { setInterval } from 'node:timers'; setInterval(sweep, 1000).unref()",
      "import { defineApp } from 'pando'; export default defineApp({ name: 'a', setup() { setInterval(sweep, 5); return app } })",
      'async function main() { await open(); setInterval(sweep, 1000) } main()',
      "import cron from 'node-cron'; cron.schedule('* * * * *', mail)",
      "import { CronJob } from 'cron'; new CronJob('* * * * *', mail, null, true)",
      "import schedule from 'node-schedule'; schedule.scheduleJob('* * * * *', mail)",
      'function tick() { work(); setTimeout(tick, 50) } tick()',
      'setTimeout(report, 60 * 60 * 1000)',
    ],
    silent: [
      handler(
        "const beat = setInterval(() => res.write(':'), 1000); req.on('close', () => clearInterval(beat))",
      ),
      handler('setTimeout(() => res.end(), 60_000_000)'),
      'setTimeout(warm, 50)',
      handler('function retry() { setTimeout(retry, 50) } retry()'),
      'const setInterval = () => {}; setInterval(sweep, 5)',
    ],
  },
  {
    rule: 'local-disk',
    fires: [
      `import { writeFile } from 'node:fs/promises'; ${handler("return writeFile('uploads/a', req.body)")}`,
      `import fs from 'fs'; ${handler("req.pipe(fs.createWriteStream('uploads/a')); fs.mkdirSync('b')")}`,
      `const { promises: fs } = require('fs'); exports.h = () => fs.appendFile('log', 'x')`,
      "import { createWriteStream } from 'node:fs'; export const log = createWriteStream('access.log')",
      "import multer from 'multer'; export const upload = multer({ dest: 'uploads/' })",
      "const multer = require('multer'); multer.diskStorage({ destination: (q, f, done) => done(null, 'up') })",
      "import formidable from 'formidable'; export const f = () => formidable({ uploadDir: 'uploads' })",
      "import upload from 'express-fileupload'; app.use(upload({ useTempFiles: true, tempFileDir: './tmp' }))",
    ],
    silent: [
      "import { mkdirSync, writeFileSync } from 'node:fs'; mkdirSync('cache'); writeFileSync('app.pid', '1')",
      `import { readFile } from 'node:fs/promises'; ${handler("return readFile('a')")}`,
      "import multer from 'multer'; export const upload = multer({ storage: multer.memoryStorage() })",
      `import { writeFile } from 'node:fs/promises'; ${handler("return writeFile('/dev/null', 'x')")}`,
      `import { writeFile } from './storage.ts'; ${handler("return writeFile('a', 'x')")}`,
    ],
  },
  {
    rule: 'local-database',
    fires: [
      "import Database from 'better-sqlite3'; export const db = new Database('app.db')",
      "import { DatabaseSync } from 'node:sqlite'; export const db = new DatabaseSync(':memory:')",
      "const sqlite3 = require('sqlite3').verbose(); const db = new sqlite3.Database('app.db')",
      "import knex from 'knex'; export const db = knex({ client: 'better-sqlite3' })",
      "import { Sequelize } from 'sequelize'; export const db = new Sequelize({ dialect: 'sqlite', storage: 'a' })",
      "import { createClient } from '@libsql/client'; export const db = createClient({ url: 'file:app.db' })",
    ],
    silent: [
      "import knex from 'knex'; export const db = knex({ client: 'pg' })",
      "import { createClient } from '@libsql/client'; export const db = createClient({ url: process.env.URL })",
      "import pg from 'pg'; export const pool = new pg.Pool()",
    ],
  },
  {
    rule: 'local-sessions',
    fires: [
      `${EXPRESS} app.use(session({ secret: 'x' }))`,
      `${EXPRESS} const options = { secret: 'x' }; app.use(session(options))`,
      `${EXPRESS} app.use(session({ store: new session.MemoryStore() }))`,
      "const session = require('express-session'); const make = require('memorystore'); const Store = make(session)",
      "import session from '@fastify/session'; app.register(session, { secret: 'x' })",
      "import { MemoryStore } from 'hono-sessions'; export const store = new MemoryStore()",
    ],
    silent: [
      `${EXPRESS} app.use(session({ store: new PgStore(), secret: 'x' }))`,
      `${EXPRESS} app.use(session({ secret: 'x', ...shared }))`,
      `${EXPRESS} const options = { secret: 'x' }; if (live) options.store = redis; app.use(session(options))`,
      `${EXPRESS} app.use(session(makeOptions()))`,
      "import session from 'cookie-session'; app.use(session({ keys: ['x'] }))",
      "import { getIronSession } from 'iron-session'; export const s = (q, r) => getIronSession(q, r, { password: 'x' })",
    ],
  },
  {
    rule: 'process-broadcast',
    fires: [
      `const open = new Set(); ${handler("open.add(res); req.on('close', () => open.delete(res))")}`,
      `const clients = []; ${handler('clients.push({ id: 1, res })')}`,
      `import { EventEmitter } from 'node:events'; const bus = new EventEmitter(); ${handler("bus.on('message', (text) => res.write(text))")}`,
      "import { Server } from 'socket.io'; export const io = new Server(server, { cors: {} })",
      "const server = require('http').createServer(); const io = require('socket.io')(server)",
      "import { WebSocketServer } from 'ws'; const wss = new WebSocketServer({ port: 1 }); export function tell(m) { for (const c of wss.clients) c.send(m) }",
    ],
    silent: [
      "import { EventEmitter } from 'node:events'; const bus = new EventEmitter(); bus.on('saved', index); export const h = () => bus.emit('saved')",
      "import { Server } from 'socket.io'; export const io = new Server(server, { adapter: shared })",
      "import { Server } from 'socket.io'; const io = new Server(server); io.adapter(shared)",
      "import { WebSocketServer } from 'ws'; const wss = new WebSocketServer({ port: 1 }); export const count = () => wss.clients.size",
    ],
  },
  {
    rule: 'memory-rate-limit',
    fires: [
      "import rateLimit from 'express-rate-limit'; app.use(rateLimit({ limit: 5 }))",
      "const { rateLimit } = require('express-rate-limit'); app.use(rateLimit())",
      "import limit from '@fastify/rate-limit'; await app.register(limit, { max: 5 })",
      "import { RateLimiterMemory } from 'rate-limiter-flexible'; export const l = new RateLimiterMemory({ points: 5 })",
    ],
    silent: [
      "import rateLimit from 'express-rate-limit'; app.use(rateLimit({ limit: 5, store }))",
      "import limit from '@fastify/rate-limit'; app.register(limit, { redis })",
      "import { RateLimiterMemory, RateLimiterPostgres } from 'rate-limiter-flexible'; const spare = new RateLimiterMemory({}); export const l = new RateLimiterPostgres({ insuranceLimiter: spare })",
    ],
  },
  {
    rule: 'process-lock',
    fires: [
      "import { Mutex } from 'async-mutex'; export const mutex = new Mutex()",
      "const AsyncLock = require('async-lock'); const lock = new AsyncLock()",
    ],
    silent: [
      "import pLimit from 'p-limit'; export const limit = pLimit(5)",
      "import { Semaphore } from 'async-mutex'; export const few = new Semaphore(5)",
      `import { Mutex } from 'async-mutex'; ${handler('const mine = new Mutex()')}`,
    ],
  },
])('$rule', ({ rule, fires, silent }) => {
  test.each(fires)('fires on %s', (text) => {
    expect(firing(text)).toEqual([rule])
  })

  test.each(silent)('is silent on %s', (text) => {
    expect(firing(text)).toEqual([])
  })
})

test('a rule has a name of its own and a remedy of one sentence', () => {
  expect(new Set(rules.map(({ name }) => name)).size).toBe(rules.length)
  expect(
    rules.filter(({ name, remedy }) => !/^[a-z-]+$/.test(name) || !/^[A-Z][^\n]*\.$/.test(remedy)),
  ).toEqual([])
})
