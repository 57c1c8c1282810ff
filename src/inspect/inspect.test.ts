// Programs of several files, places, and the comment that accepts a finding.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inspect, type Findings } from './inspect.ts'
import { parseModule, placeAt, type Module } from './syntax/parse.ts'

/** Imports are written with the whole name: `./store.ts`. */
function inspectFiles(files: Readonly<Record<string, string>>): Findings {
  const modules = Object.entries(files).map(([path, text]) => parseModule(path, text) as Module)
  return inspect(modules, (_from, specifier) => specifier.replace('./', ''))
}

const places = ({ findings }: Findings): readonly string[] =>
  findings.map(({ file, line, column, rule }) => `${file}:${line}:${column} ${rule}`)

describe('state that another file changes', () => {
  const change = 'export const handle = (req) => { carts.set(req.id, 1) }'

  test.each([
    ['by name', 'export const carts = new Map()', `import { carts } from './store.ts'; ${change}`],
    [
      'by another name',
      'const all = new Map(); export { all as carts }',
      `import { carts } from './store.ts'; ${change}`,
    ],
    [
      'as the default',
      'const carts = new Map(); export default carts',
      `import carts from './store.ts'; ${change}`,
    ],
    [
      'as a whole',
      'export const carts = new Map()',
      `import * as store from './store.ts'; ${change.replace('carts', 'store.carts')}`,
    ],
    [
      'in CommonJS',
      'const carts = new Map(); module.exports = { carts }',
      `const { carts } = require('./store.ts'); ${change}`,
    ],
    [
      'in CommonJS, as exports',
      'const carts = new Map(); exports.carts = carts',
      `const store = require('./store.ts'); ${change.replace('carts', 'store.carts')}`,
    ],
    [
      'in CommonJS, as the module',
      'const carts = new Map(); module.exports = carts',
      `const carts = require('./store.ts'); ${change}`,
    ],
  ])('is found where it is declared, imported %s', (_how, store, app) => {
    const found = inspectFiles({ 'app.ts': app, 'store.ts': store })

    expect(found.findings).toMatchObject([
      { rule: 'module-state', file: 'store.ts', line: 1, changedAt: { file: 'app.ts', line: 1 } },
    ])
  })

  test('is found through a file that passes it on', () => {
    const found = inspectFiles({
      'app.ts': `import { carts } from './index.ts'; ${change}`,
      'index.ts': "export * from './store.ts'",
      'store.ts': 'export const carts = new Map()',
    })

    expect(places(found)).toEqual(['store.ts:1:14 module-state'])
  })
})

describe('what runs while the process starts', () => {
  test('is what another file calls while it is loaded', () => {
    const found = inspectFiles({
      'app.ts': "import { add } from './registry.ts'; add(1); add(2)",
      'registry.ts': 'const all = []; export function add(x) { all.push(x) }',
    })

    expect(places(found)).toEqual([])
  })

  test('is no longer so when a request calls it too', () => {
    const found = inspectFiles({
      'app.ts': "import { add } from './registry.ts'; add(1); export const handle = (req) => add(req)",
      'registry.ts': 'const all = []; export function add(x) { all.push(x) }',
    })

    expect(places(found)).toEqual(['registry.ts:1:7 module-state'])
  })

  test('includes what setup calls in another file, and its own variables are of the process', () => {
    const found = inspectFiles({
      'app.ts':
        "import { openQueue } from './queue.ts'; export default { name: 'a', setup() { const queue = openQueue(); return { fetch: () => queue.next() } } }",
      'queue.ts':
        'export function openQueue() {\n  const filled = []\n  filled.push(0)\n  let taken = 0\n  return { next: () => taken++ }\n}',
    })

    expect(places(found)).toEqual(['queue.ts:4:7 module-state'])
  })

  test('ends in a circle of functions that nobody starts', () => {
    const found = inspectFiles({ 'app.ts': 'let n = 0; function a() { n++; b() } function b() { a() }' })

    expect(places(found)).toEqual([])
  })
})

describe('a comment beside the code', () => {
  const counter = 'let n = 0\nexport const next = () => n++\n'

  test.each([
    ['above', `// pando: per-process ids are only compared within a process\n${counter}`],
    ['on the line', counter.replace('\n', ' // pando: per-process ids are only compared within a process\n')],
    [
      'above another comment',
      `// pando: per-process ids are only compared within a process\n// Starts at 0.\n${counter}`,
    ],
    ['in a block', `/* pando: per-process ids are only compared\n * within a process */\n${counter}`],
  ])('accepts a finding, with its reason: %s', (_where, text) => {
    const found = inspectFiles({ 'app.ts': text })

    expect(found.findings).toEqual([])
    expect(found.accepted).toMatchObject([
      { rule: 'module-state', reason: 'ids are only compared within a process' },
    ])
  })

  test('accepts nothing without a reason, and says so', () => {
    const found = inspectFiles({ 'app.ts': `// pando: per-process\n${counter}` })

    expect(found.accepted).toEqual([])
    expect(found.findings).toMatchObject([{ found: expect.stringContaining('gives no reason') }])
  })

  test('accepts nothing beyond an empty line or other code', () => {
    const found = inspectFiles({
      'app.ts': `// pando: per-process a reason\n\n${counter}let m = 0; export const up = () => m++`,
    })

    expect(places(found)).toEqual(['app.ts:3:5 module-state', 'app.ts:5:5 module-state'])
  })
})

describe('scratch files', () => {
  test.each([
    [
      'os.tmpdir()',
      "import os from 'node:os'; import path from 'node:path'; const dir = path.join(os.tmpdir(), 'a');",
    ],
    ['mkdtemp', "import { mkdtempSync } from 'node:fs'; const dir = mkdtempSync('a');"],
    ['/tmp', "const dir = '/tmp/a';"],
  ])('in %s are told apart from files that are kept', (_where, text) => {
    const found = inspectFiles({
      'app.ts': `import { writeFileSync } from 'node:fs'; ${text} export const h = () => { writeFileSync(\`\${dir}/x\`, '') }`,
    })

    expect(found.findings).toMatchObject([{ rule: 'local-disk', isScratch: true }])
  })
})

describe('a file', () => {
  test.each(['app.ts', 'app.mts', 'app.js', 'app.mjs', 'app.cjs', 'app.jsx', 'app.tsx'])(
    'named %s is read',
    (path) => {
      expect(places(inspectFiles({ [path]: 'let n = 0; export const h = () => { n++ }' }))).toHaveLength(1)
    },
  )

  test('that is no program is named with the place where it stops being one', () => {
    expect(parseModule('app.ts', 'const a = 1\nconst b = ;\n')).toMatchObject({
      problem: expect.stringMatching(/^2:11 /),
    })
  })

  test('larger than 1 MiB is not read', () => {
    expect(parseModule('app.ts', ' '.repeat(2 ** 20 + 1))).toMatchObject({
      problem: expect.stringContaining('larger'),
    })
  })

  test('with JSX, decorators and types is understood', () => {
    const text =
      '@Injectable() export class A<T> { @Input() x!: T; constructor(private readonly y: T) {} }\nexport const V = () => <p {...props}>{x as any}</p>'

    expect(places(inspectFiles({ 'app.tsx': text }))).toEqual([])
  })

  test('may hold any text: it is read, or said not to be', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.constantFrom(
            ...'{}()[];=>.,:?!`$'.split(''),
            ...' let const class this function a b push new Map async await import export'.split(' '),
          ),
        ),
        (words) => {
          const parsed = parseModule('app.ts', words.join(' '))
          const findings = 'problem' in parsed ? [] : inspect([parsed], () => undefined).findings
          expect(findings).toBeInstanceOf(Array)
        },
      ),
    )
  })

  test('counts lines and columns from 1', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[ab]{0,5}$/), { minLength: 1 }), fc.nat(), (lines, seed) => {
        const text = lines.join('\n')
        const offset = seed % (text.length + 1)
        const before = text.slice(0, offset).split('\n')
        const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]
        expect(placeAt(lineStarts, offset)).toEqual({
          line: before.length,
          column: before.at(-1)!.length + 1,
        })
      }),
    )
  })
})
