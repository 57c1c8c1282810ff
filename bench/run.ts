// Runs benchmarks one after the other, each in a process of its own, and writes their results to bench/results/.
//
//   node bench/run.ts                  all
//   node bench/run.ts web-overhead     only these

import { spawn } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const dir = import.meta.dirname
const all = readdirSync(dir)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -3))
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !all.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`Unknown benchmark: ${unknown.join(', ')}. There are: ${all.join(', ')}.\n`)
  process.exit(2)
}

/** Standard output of the benchmark; its progress goes to standard error and is passed on. */
function run(name: string): Promise<{ status: number | null; output: string }> {
  const child = spawn(process.execPath, [join(dir, `${name}.ts`)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const parts: Buffer[] = []
  child.stdout.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, output: Buffer.concat(parts).toString() }))
  })
}

mkdirSync(join(dir, 'results'), { recursive: true })
let failed = 0
for (const name of wanted.length > 0 ? wanted : all) {
  process.stderr.write(`— ${name}\n`)
  const { status, output } = await run(name)
  if (status === 0) writeFileSync(join(dir, 'results', `${name}.json`), output)
  else failed++
  process.stdout.write(`${output.trimEnd().split('\n').at(-1) ?? ''}\n`)
}
process.exit(failed === 0 ? 0 : 1)
