// A real member, as small as can be: answers over HTTP on a Unix socket with its pid, and leaves a line in a file when
// it is stopped. Its mode says how it misbehaves. Arguments: name, socket, mode, file of stops.

import { spawn } from 'node:child_process'
import { appendFileSync, existsSync } from 'node:fs'
import { createServer } from 'node:http'

const [name = '', socket = '', mode = 'serve', stops = ''] = process.argv.slice(2)

console.log(`${name} begins`)
if (mode === 'refuse') {
  console.log('the shape of the cheese is wrong')
  process.exit(78)
}
if (mode === 'crash') {
  console.log('no more cheese')
  process.exit(1)
}
if (mode === 'crash-once-marked' && existsSync(`${socket}.crash`)) process.exit(1)
if (mode === 'parent')
  spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' }).unref()

process.on('SIGTERM', () => {
  if (mode === 'stubborn' || mode === 'immovable') return
  appendFileSync(stops, `${name}\n`)
  process.exit(0)
})
if (mode === 'mute') setInterval(() => {}, 1_000)
else
  createServer((_request, response) => response.end(String(process.pid))).listen(socket, () => {
    console.log(`${name} serves`)
  })
