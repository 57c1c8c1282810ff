// The programs outside npm that the tests run against, and how Debian calls their packages. Installs what is missing
// when this user may (root, or sudo without a password), else says exactly what to type.

import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** One program: any of `commands` on the path will do. */
const ENGINES = [
  {
    package: 'chromium',
    commands: ['chromium', 'chromium-browser', 'google-chrome'],
    for: 'tests of the rendered pages',
  },
  {
    package: 'haproxy',
    commands: ['haproxy'],
    for: 'tests of the balancer',
  },
  {
    package: 'openssl',
    commands: ['openssl'],
    for: 'certificates in tests of the balancer',
  },
  {
    package: 'swift-proxy',
    commands: ['swift-proxy-server'],
    for: 'tests of the files driver s3, against a real S3-compatible server',
  },
  {
    package: 'swift-account',
    commands: ['swift-account-server'],
    for: 'tests of the files driver s3, against a real S3-compatible server',
  },
  {
    package: 'swift-container',
    commands: ['swift-container-server'],
    for: 'tests of the files driver s3, against a real S3-compatible server',
  },
  {
    package: 'swift-object',
    commands: ['swift-object-server'],
    for: 'tests of the files driver s3, against a real S3-compatible server',
  },
]

// invoke-rc.d(8): exit status 101 forbids every start, so that no package begins to serve behind our back.
const POLICY = '/usr/sbin/policy-rc.d'

// Debian keeps servers in /usr/sbin, which is not on everybody's path.
const isOnPath = (command) =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'].some((dir) => {
    try {
      accessSync(join(dir, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })

export function installEngines() {
  const missing = ENGINES.filter((engine) => !engine.commands.some(isOnPath))
  if (missing.length === 0) return
  const packages = missing.map((engine) => engine.package)
  const command = `apt-get install -y --no-install-recommends ${packages.join(' ')}`
  const prefix = process.getuid?.() === 0 ? [] : ['sudo', '-n']
  const allowed =
    isOnPath('apt-get') && (prefix.length === 0 || spawnSync('sudo', ['-n', 'true']).status === 0)
  if (!allowed) {
    for (const engine of missing) process.stderr.write(`Missing: ${engine.package}, for ${engine.for}.\n`)
    process.stderr.write(`Install with: sudo ${command}\n`)
    process.exit(2)
  }
  process.stderr.write(`Installing system packages: ${packages.join(', ')} …\n`)
  const policyIsOurs = prefix.length === 0 && !existsSync(POLICY)
  if (policyIsOurs) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    apt(prefix, ['update', '-qq'])
    apt(prefix, [
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      '-o',
      'DPkg::Lock::Timeout=300',
      ...packages,
    ])
  } finally {
    if (policyIsOurs) rmSync(POLICY)
  }
}

function apt(prefix, args) {
  const [file, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args]
  const { status } = spawnSync(file, rest, { stdio: ['ignore', 2, 2] })
  if (status === 0) return
  process.stderr.write(`apt-get ${args[0]} failed (exit ${status}); nothing else was changed.\n`)
  process.exit(1)
}
