#!/usr/bin/env node
// Starts the command with a Node.js that can run it. This file itself runs on any Node.js since 14: keep it in plain
// old JavaScript and let it import built-in modules only.

import { spawn, spawnSync } from 'child_process'
import { existsSync } from 'fs'
import { dirname, join } from 'path'
import { fileURLToPath } from 'url'

var NEEDED = [24, 15]
var bin = dirname(fileURLToPath(import.meta.url))
var entry = join(bin, '..', 'dist', 'cli', 'main.js')

function isNewEnough(version) {
  var parts = version.replace(/^v/, '').split('.').map(Number)
  // "^24.15.0 || >=26": odd versions in between are not tested and not supported.
  return (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1]) || parts[0] >= 26
}

/** The Node.js that is installed as a package beside this one, here or in a directory above. */
function findNode() {
  var dir = join(bin, '..')
  for (;;) {
    var candidates = [
      join(dir, 'node_modules', 'node', 'bin', 'node'),
      join(dir, 'node_modules', '.bin', 'node'),
    ]
    for (var i = 0; i < candidates.length; i++) {
      if (!existsSync(candidates[i])) continue
      var answer = spawnSync(candidates[i], ['--version'], { encoding: 'utf8' })
      if (answer.status === 0 && isNewEnough(answer.stdout.trim())) return candidates[i]
    }
    if (dirname(dir) === dir) return undefined
    dir = dirname(dir)
  }
}

function fail(lines) {
  process.stderr.write(lines.join('\n') + '\n')
  process.exit(2)
}

/** Runs the same command with `node` in our place: its output is ours, our signals are its, its end is our end. */
function runWith(node) {
  var child = spawn(node, [join(bin, 'pando.js')].concat(process.argv.slice(2)), { stdio: 'inherit' })
  var signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']
  signals.forEach(function (signal) {
    process.on(signal, function () {
      child.kill(signal)
    })
  })
  child.on('error', function (error) {
    fail(['✗ ' + node + ' could not be started: ' + error.message])
  })
  child.on('exit', function (status, signal) {
    if (signal === null) process.exit(status)
    signals.forEach(function (name) {
      process.removeAllListeners(name)
    })
    process.kill(process.pid, signal)
  })
}

if (!existsSync(entry)) {
  fail([
    '✗ Pando is not built yet: ' + entry + ' does not exist.',
    '  Run `npm run build` in ' + dirname(bin) + ', or `npm start`, which does it by itself.',
  ])
} else if (isNewEnough(process.version)) {
  import('../dist/cli/main.js').then(
    function (cli) {
      return cli.main(process.argv.slice(2))
    },
    function (error) {
      fail(['✗ Pando could not be loaded: ' + (error && error.stack ? error.stack : error)])
    },
  )
} else {
  var node = findNode()
  if (node === undefined) {
    fail([
      '✗ Pando needs Node.js 24.15 or later of the 24 line, or 26 and later; this is ' +
        process.version +
        '.',
      '  Install it from https://nodejs.org, or beside the application with `npm install node@24`.',
    ])
  } else runWith(node)
}
