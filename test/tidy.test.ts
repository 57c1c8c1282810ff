// The repository checks itself: who may import whom, how large a file may grow, which calls and words have no place.
// ARCHITECTURE.md says why; a rule is changed there and here together.

import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { repositoryFiles, root } from './support/repository.ts'

/** Rooms of src/ that each room may import, besides itself. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  web: ['base'],
  balancer: ['base'],
  database: ['base'],
  sessions: ['base', 'database'],
  files: ['base'],
  load: ['base'],
  inspect: ['base'],
  topology: ['base', 'web', 'balancer', 'database', 'sessions', 'files'],
  app: ['base', 'web', 'database', 'sessions', 'files', 'topology', 'index.ts'],
  supervisor: ['base', 'topology'],
  cli: ['base', 'topology', 'supervisor', 'app', 'load', 'inspect', 'database'],
  testing: ['base', 'web', 'database', 'sessions', 'files'],
  'index.ts': ['base', 'web', 'database', 'sessions', 'files', 'topology'],
}

/** Third-party packages a room may import; a driver keeps its client to itself. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  web: ['zod', '@hono/node-server'],
  balancer: ['zod'],
  database: ['zod', 'pg'],
  sessions: ['zod'],
  files: ['zod', '@hono/node-server', 'aws4fetch'],
  load: ['picocolors'],
  inspect: ['oxc-parser'],
  topology: ['zod'],
  cli: ['commander', 'picocolors', 'zod'],
  testing: ['vitest', 'pg'],
}

/** Files that are longer than the limit, with the length they may not exceed. The numbers may only fall. */
const LONGER: Readonly<Record<string, number>> = {}
const MAX_LINES = 300
const MAX_TEST_LINES = 600

const sources = repositoryFiles((path) => path.startsWith('src/') && path.endsWith('.ts'))
const code = repositoryFiles((path) => /\.(ts|mts|mjs|js)$/.test(path))
const tests = code.filter((path) => path.endsWith('.test.ts'))

const read = (path: string): string => readFileSync(join(root, path), 'utf8')
/** A suite in src/testing is a test too, run against the drivers of others. */
const isTest = (path: string): boolean => path.endsWith('.test.ts') || path.startsWith('src/testing/')
const roomOf = (path: string): string => path.split('/')[1]!
const importsOf = (path: string): string[] =>
  [
    ...read(path).matchAll(
      /^(?:import|export)\b[^'"]*?from '([^']+)'|\bimport\('([^']+)'\)|^import '([^']+)'/gm,
    ),
  ].map((match) => (match[1] ?? match[2] ?? match[3])!)

/** Lines of `path` that match, as `path:line`. */
const linesMatching = (path: string, pattern: RegExp): string[] =>
  read(path)
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : []))

describe('the layout', () => {
  test('a room of src imports only the rooms its arrows allow', () => {
    const breaches = sources.flatMap((path) =>
      importsOf(path)
        .filter((target) => target.startsWith('.'))
        .map((target) => relative(root, resolve(dirname(join(root, path)), target)))
        .filter((target) => !path.endsWith('.test.ts') || !target.startsWith('src/testing/'))
        .map((target) => ({ from: roomOf(path), to: roomOf(target), path, target }))
        .filter(({ from, to }) => from !== to && !(ARROWS[from] ?? []).includes(to))
        .map(({ target }) => `${path} imports ${target}`),
    )
    expect(breaches).toEqual([])
  })

  test('a room of src imports only its own third-party packages', () => {
    const breaches = sources
      .filter((path) => !path.endsWith('.test.ts'))
      .flatMap((path) =>
        importsOf(path)
          .filter((target) => !target.startsWith('.') && !target.startsWith('node:'))
          .filter(
            (target) =>
              !(PACKAGES[roomOf(path)] ?? []).some(
                (name) => target === name || target.startsWith(`${name}/`),
              ),
          )
          .map((target) => `${path} imports ${target}`),
      )
    expect(breaches).toEqual([])
  })

  test('a driver is named only where its tier is opened', () => {
    const breaches = sources
      .filter((path) => !path.endsWith('.test.ts') && !/\/(open|members|index)\.ts$|\/drivers\//.test(path))
      .flatMap((path) =>
        importsOf(path)
          .filter((target) => /\/drivers\//.test(target))
          .map((target) => `${path} imports ${target}`),
      )
    expect(breaches).toEqual([])
  })

  test('a file has a name that says what it holds', () => {
    expect(code.filter((path) => /\/(utils?|helpers?|common|misc|types|manager)\.\w+$/.test(path))).toEqual(
      [],
    )
    expect(code.filter((path) => !/^[a-z0-9.-]+$/.test(path.split('/').at(-1)!))).toEqual([])
  })

  test('a file stays within the size limit', () => {
    const tooLong = code
      .map((path) => ({ path, lines: read(path).split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (LONGER[path] ?? (isTest(path) ? MAX_TEST_LINES : MAX_LINES)))
      .map(({ path, lines }) => `${path} has ${lines} lines`)
    expect(tooLong).toEqual([])
  })
})

describe('the source', () => {
  test('time and randomness enter through base only', () => {
    const calls =
      /\b(Date\.now|setTimeout|setInterval|setImmediate|Math\.random|performance\.now)\(|\bnew Date\(\)/
    const breaches = sources
      .filter((path) => !path.startsWith('src/base/') && !isTest(path))
      .flatMap((path) => linesMatching(path, calls))
    expect(breaches).toEqual([])
  })

  test('a module exports by name', () => {
    expect(sources.flatMap((path) => linesMatching(path, /^export \*/))).toEqual([])
  })

  test('no mark says that something is missing', () => {
    // The classes keep this line from finding itself.
    const marks = /\b(T[O]DO|FIX[M]E|X[X]X|[Nn]ot [i]mplemented|[Cc]oming [s]oon)\b/
    expect(code.flatMap((path) => linesMatching(path, marks))).toEqual([])
  })

  test('durations and sizes carry their unit in the name', () => {
    const bare = /\breadonly (ttl|timeout|delay|interval|duration|size|limit)\??: number/
    expect(sources.flatMap((path) => linesMatching(path, bare))).toEqual([])
  })
})

describe('the tests', () => {
  test('no test is switched off or runs alone', () => {
    expect(
      tests.flatMap((path) => linesMatching(path, /\b(describe|test|it)\.(only|skip|todo|fails)\b/)),
    ).toEqual([])
  })

  test('a title is a rule in the present tense', () => {
    expect(tests.flatMap((path) => linesMatching(path, /^\s*(test|it)\(['"`][^'"`]*\bshould\b/))).toEqual([])
  })

  test('a title stands once in its file', () => {
    const repeated = tests.flatMap((path) => {
      const titles = [...read(path).matchAll(/^\s*test\((['"`])(.+?)\1,/gm)].map((match) => match[2]!)
      return titles
        .filter((title, index) => titles.indexOf(title) !== index)
        .map((title) => `${path}: ${title}`)
    })
    expect(repeated).toEqual([])
  })

  test('a test waits for a condition and never for a time', () => {
    const waits = /setTimeout\(\w+, \d|\bsleep\(\d[\d_]*\)|retry: [1-9]/
    const onRealTime = tests.filter((path) => path.startsWith('test/'))
    expect(onRealTime.flatMap((path) => linesMatching(path, waits))).toEqual([])
  })
})
