// Makes `npm start` and `npm test` work in a fresh clone: installs the packages when they are missing or older than the
// lock file, builds what is older than its source, and with `--engines` installs the system packages the tests need.
// Plain JavaScript for Node 20, because nothing is installed yet when it runs.

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installEngines } from './engines.mjs'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lock = join(root, 'package-lock.json')
const installed = join(root, 'node_modules', '.package-lock.json')
const dist = join(root, 'dist')
const stamp = join(dist, '.built')

const modifiedMs = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0)

function run(title, file, args) {
  const startedAt = Date.now()
  process.stderr.write(`${title} …\n`)
  const { status, error } = spawnSync(file, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    process.stderr.write(`${title} failed${error ? `: ${error.message}` : ` (exit ${status})`}.\n`)
    process.exit(status || 1)
  }
  process.stderr.write(`${title} took ${((Date.now() - startedAt) / 1000).toFixed(1)} s\n`)
}

function newestMs(dir) {
  let newest = 0
  for (const entry of readdirSync(dir, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) newest = Math.max(newest, modifiedMs(join(entry.parentPath, entry.name)))
  return newest
}

/** Removes the output of sources that are gone, so that nothing imports what no longer exists. */
function sweep() {
  for (const entry of readdirSync(dist, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile() || !/\.(js|js\.map|d\.ts)$/.test(entry.name)) continue
    const output = join(entry.parentPath, entry.name)
    const source = join(root, 'src', output.slice(dist.length + 1).replace(/\.(js|js\.map|d\.ts)$/, '.ts'))
    if (!existsSync(source)) rmSync(output)
  }
}

function build() {
  const node = join(root, 'node_modules', 'node', 'bin', 'node')
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  run('Building', existsSync(node) ? node : process.execPath, [tsc, '-p', 'tsconfig.build.json'])
  sweep()
  writeFileSync(stamp, '')
}

const options = new Set(process.argv.slice(2))
if (modifiedMs(installed) < modifiedMs(lock))
  run('Installing packages (npm ci)', 'npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'])
if (options.has('--build') || modifiedMs(stamp) < Math.max(newestMs(join(root, 'src')), modifiedMs(lock)))
  build()
if (options.has('--engines')) installEngines()
