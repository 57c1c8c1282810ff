// The first start makes the data directory. Killed at any moment of it, the next one succeeds.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openInstallation, type Installation } from '../../src/base/installation.ts'
import { identify, isRunning } from '../../src/base/process.ts'
import { embeddedPostgres } from '../../src/database/members.ts'
import { until } from '../support/until.ts'
import { AT_ONCE_MS, childrenOf, contextIn, dataOf, postmasterOf, WITHIN_MS } from './database/server.ts'

const SPEC = {
  name: 'database',
  tier: 'database',
  engine: 'postgres-embedded',
  after: [],
  address: '',
  settings: { databaseName: 'test', maxConnections: 20, sharedBuffersBytes: 32 * 2 ** 20 },
}

/** Moments of the setup in their order, each known by a file below the directory that is not yet called `data`. */
const MOMENTS = ['.', 'PG_VERSION', 'global/pg_control', 'base/4', 'base/5', 'pando-setup'] as const

function freshInstallation(onFinished: (clean: () => Promise<void>) => void): Installation {
  const directory = mkdtempSync(join(tmpdir(), 'pando-first-'))
  chmodSync(directory, 0o711)
  const installation = openInstallation(directory)
  onFinished(async () => {
    const pid = postmasterOf(installation)
    const server = pid === undefined ? undefined : identify(pid)
    if (server) process.kill(server.pid, 'SIGINT')
    await until('the server is gone', WITHIN_MS, () => !server || !isRunning(server))
    rmSync(directory, { recursive: true, force: true })
  })
  return installation
}

const startIn = ({ dataDir }: Installation): ChildProcess =>
  spawn(process.execPath, [join(import.meta.dirname, 'database', 'first-start.ts'), dataDir], {
    // A pipe of ours would be held open by the server, and with it the end of the test run.
    stdio: 'ignore',
  })

/** The server that `starter` started itself is ready. */
const serves = async (starter: ChildProcess, installation: Installation): Promise<boolean> =>
  childrenOf(starter.pid!).some((pid) => pid === postmasterOf(installation)) &&
  (await embeddedPostgres.probe(SPEC, contextIn(installation))).ready

/** Begins a first start and kills it as soon as `moment` is there, or later if the machine is quicker than the look. */
async function startAndKillAt(moment: string, installation: Installation): Promise<void> {
  const home = join(installation.dataDir, 'postgres')
  // In a directory of its own: what the one before left is there already.
  const before = new Set(existsSync(home) ? readdirSync(home) : [])
  const isReached = (): boolean =>
    existsSync(dataOf(installation)) ||
    (existsSync(home) &&
      readdirSync(home).some(
        (name) => !before.has(name) && /^unfinished-\d+$/.test(name) && existsSync(join(home, name, moment)),
      ))
  const first = startIn(installation)
  const ended = once(first, 'exit')
  await until(`the start comes to ${moment}`, WITHIN_MS, isReached, AT_ONCE_MS)
  first.kill('SIGKILL')
  await ended
}

describe('the first start', () => {
  test('killed at one moment after the other, each left to the next one, it succeeds in the end', async ({
    onTestFinished,
  }) => {
    const installation = freshInstallation(onTestFinished)

    for (const moment of MOMENTS) await startAndKillAt(moment, installation)
    const last = startIn(installation)
    // The server of a starter that was killed too late may still be there, until the next one stops it.
    await until('the last server serves', WITHIN_MS, () => serves(last, installation))

    const left = readdirSync(join(installation.dataDir, 'postgres'))
    expect(left.filter((name) => name.startsWith('unfinished'))).toEqual([])
  })

  test('a server whose starter was killed is stopped and started anew', async ({ onTestFinished }) => {
    const installation = freshInstallation(onTestFinished)
    const starter = startIn(installation)
    const ended = once(starter, 'exit')
    await until('the server serves', WITHIN_MS, () => serves(starter, installation))
    const orphan = identify(postmasterOf(installation)!)!
    starter.kill('SIGKILL')
    await ended

    const launch = await embeddedPostgres.prepare(SPEC, contextIn(installation))

    expect(isRunning(orphan)).toBe(false)
    expect(launch.args).toContain('-D')
  })
})
