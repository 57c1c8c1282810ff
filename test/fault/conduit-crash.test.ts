// Kills any process of a running Conduit at random under write load: the web processes, PostgreSQL's postmaster or one of
// its backends, the supervisor, the watchdog. Nothing that was acknowledged may be missing afterwards, and everything must
// be back without a hand. The seed is printed; PANDO_SEED repeats a run's choices.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { isRunning, type ProcessIdentity, signalProcess, identify } from '../../src/base/process.ts'
import { freshSeed, seededRandom } from '../../src/base/random.ts'
import { output, pandoBin, startPando, type Pando, type Status } from '../support/pando.ts'
import { root } from '../support/repository.ts'
import { until } from '../support/until.ts'

const KILLS = 10
const BACK_WITHIN_MS = 30_000
// Forty people log in first, a tenth of a second of hashing each.
const LOAD_READY_WITHIN_MS = 60_000
const RATE = '150'
const mix = join(root, 'examples', 'conduit', 'load', 'b-mixed.ts')

interface Victim {
  readonly role: string
  readonly identity: ProcessIdentity
}

const recorded = (pando: Pando, role: string): ProcessIdentity =>
  JSON.parse(readFileSync(join(pando.dataDir, 'run', `${role}.json`), 'utf8')) as ProcessIdentity

/** Children of a process, by proc(5). */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1')
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
      } catch {
        return false
      }
    })
    .map(Number)
}

function victims(pando: Pando, status: Status): Victim[] {
  const named = status.members.map(({ name, pid }) => ({ role: name, pid }))
  const database = status.members.find(({ tier }) => tier === 'database')!
  const backends = childrenOf(database.pid).map((pid) => ({ role: 'a process of the database', pid }))
  return [
    ...(['supervisor', 'watchdog'] as const).map((role) => ({ role, identity: recorded(pando, role) })),
    ...[...named, ...backends.slice(0, 1)].flatMap(({ role, pid }) => {
      const identity = identify(pid)
      return identity === undefined ? [] : [{ role, identity }]
    }),
  ]
}

/** Everything runs: each member by its own word, supervisor and watchdog by their records. */
async function isWhole(pando: Pando): Promise<boolean> {
  const status = await pando.status().catch(() => undefined)
  if (status === undefined || !status.members.every(({ state }) => state === 'running')) return false
  if (!isRunning(recorded(pando, 'supervisor')) || !isRunning(recorded(pando, 'watchdog'))) return false
  const answer = await fetch(`${pando.url}/api/tags`).catch(() => undefined)
  return answer?.status === 200
}

test('killing any process ten times at random under mix B loses no acknowledged write and needs no hand', async () => {
  const seed = process.env['PANDO_SEED'] ?? String(freshSeed())
  process.stdout.write(`crash test with PANDO_SEED=${seed}\n`)
  const random = seededRandom(seed)
  const acknowledged = join(tmpdir(), `pando-crash-${process.pid}.jsonl`)
  rmSync(acknowledged, { force: true })
  await using pando = await startPando({ env: { PANDO_WEB_PROCESSES: '2' } })
  await output(
    process.execPath,
    ['examples/conduit/seed/main.ts', '--size', 'S', '--data', pando.dataDir],
    process.env,
  )

  const target = ['load', pando.url, '--mix', mix, '--var', 'size=S', '--seed', seed]
  const load = spawn(
    process.execPath,
    [
      pandoBin,
      ...target,
      '--rate',
      RATE,
      '--seconds',
      '600',
      '--warmup',
      '1',
      '--acknowledged',
      acknowledged,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const loadEnded = new Promise((resolve) => load.once('close', resolve))
  await until(
    'the load writes',
    LOAD_READY_WITHIN_MS,
    () => existsSync(acknowledged) && statSync(acknowledged).size > 0,
  )
  const story: string[] = []
  for (let kill = 0; kill < KILLS; kill++) {
    await systemClock.sleep(500 + random.integer(1_500))
    const among = victims(pando, await pando.status())
    const victim = among[random.integer(among.length)]!
    signalProcess(victim.identity, 'SIGKILL')
    // Until it is gone it looks alive, and the next kill could then take supervisor and watchdog at once.
    await until(
      `the kill of ${victim.role} has its effect`,
      BACK_WITHIN_MS,
      () => !isRunning(victim.identity),
    )
    const backMs = await until(`everything runs after the kill of ${victim.role}`, BACK_WITHIN_MS, () =>
      isWhole(pando),
    )
    story.push(`${victim.role}: back after ${Math.round(backMs)} ms`)
  }
  load.kill('SIGINT')
  await loadEnded
  const verified = await output(
    process.execPath,
    [pandoBin, ...target, '--verify', acknowledged],
    process.env,
  )

  process.stdout.write(`${story.join('\n')}\n${verified.text}\n`)
  expect(verified.status, verified.text).toBe(0)
  expect(readFileSync(acknowledged, 'utf8').split('\n').length).toBeGreaterThan(20)
  rmSync(acknowledged)
})
