// `npm test`: every check of the repository in one run, in the order in which a mistake is cheapest to find. Prints one
// line a step, the whole output of a step that fails, and at the end the count of tests. Exit 1 when anything failed.
//
//   node scripts/check.ts                 all
//   node scripts/check.ts types unit      only these
//   node scripts/check.ts --list          their names

import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'

interface Step {
  readonly name: string
  readonly command: readonly string[]
  /** Vitest writes its counts here. */
  readonly report?: string
}

const root = join(import.meta.dirname, '..')
const reports = join(root, '.cache', 'reports')

const vitest = (name: string, ...projects: string[]): Step => ({
  name,
  report: join(reports, `${name}.json`),
  command: [
    'vitest',
    'run',
    ...projects.map((project) => `--project=${project}`),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${join(reports, `${name}.json`)}`,
  ],
})

const STEPS: readonly Step[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'build', command: ['node', 'scripts/prepare.mjs', '--build'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'unused', command: ['knip'] },
  { name: 'package', command: ['publint', '--strict'] },
  { name: 'exports', command: ['attw', '--pack', '.', '--profile', 'esm-only'] },
  vitest('unit', 'unit', 'tidy'),
  vitest('conformance', 'conformance'),
  vitest('e2e', 'e2e'),
  vitest('fault', 'fault'),
]

const { values, positionals } = parseArgs({ allowPositionals: true, options: { list: { type: 'boolean' } } })
if (values.list) {
  process.stdout.write(`${STEPS.map((step) => step.name).join('\n')}\n`)
  process.exit(0)
}
const unknown = positionals.filter((name) => !STEPS.some((step) => step.name === name))
if (unknown.length > 0) {
  process.stderr.write(
    `Unknown step: ${unknown.join(', ')}. Steps: ${STEPS.map((step) => step.name).join(', ')}.\n`,
  )
  process.exit(2)
}

const seconds = (sinceMs: number): string => `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`

function run({ command }: Step): Promise<{ ok: boolean; output: string }> {
  const [file = '', ...args] = command
  const env = {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}:${process.env['PATH'] ?? ''}`,
    NO_COLOR: '1',
  }
  const child = spawn(file, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  child.stderr.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ ok: false, output: String(error) }))
    child.on('close', (status) => resolve({ ok: status === 0, output: Buffer.concat(parts).toString() }))
  })
}

/** Passed and failed tests of a step; a step that breaks without naming a failed test counts as one failure. */
function countOf(step: Step, ok: boolean): { passed: number; failed: number } {
  const none = { passed: 0, failed: ok ? 0 : 1 }
  if (step.report === undefined) return ok ? { passed: 1, failed: 0 } : none
  if (!existsSync(step.report)) return none
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(step.report, 'utf8')) as Record<
    string,
    number
  >
  return {
    passed: numPassedTests ?? 0,
    failed: ok ? (numFailedTests ?? 0) : Math.max(1, numFailedTests ?? 0),
  }
}

rmSync(reports, { recursive: true, force: true })
mkdirSync(reports, { recursive: true })
const startedAt = performance.now()
let passed = 0
let failed = 0
for (const step of STEPS.filter((each) => positionals.length === 0 || positionals.includes(each.name))) {
  const stepStartedAt = performance.now()
  if (process.stdout.isTTY) process.stdout.write(`      ${step.name} …\r`)
  const { ok, output } = await run(step)
  const count = countOf(step, ok)
  passed += count.passed
  failed += count.failed
  const tests = step.report === undefined ? '' : `, ${count.passed} passed, ${count.failed} failed`
  const verdict = ok ? styleText('green', 'ok  ') : styleText('red', 'FAIL')
  process.stdout.write(`${verdict}  ${step.name.padEnd(12)} ${seconds(stepStartedAt)}${tests}\n`)
  if (!ok) process.stdout.write(`${output.trimEnd()}\n`)
}
process.stdout.write(`\nAll checks took ${seconds(startedAt)}.\n${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 ? 0 : 1)
