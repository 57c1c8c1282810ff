// Conduit on stage `balanced`, under the mix B, with what a test does to it: commands, kills, and a copy of the
// application that a test may edit.

import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/base/clock.ts'
import { identify, isRunning, signalProcess, type ProcessIdentity } from '../../../src/base/process.ts'
import {
  loadMix,
  parseStages,
  prepareLoad,
  variablesOf,
  type LoadResult,
  type PreparedLoad,
  type WriteRecord,
} from '../../../src/load/index.ts'
import { output, startPando, type MemberStatus, type Pando } from '../../support/pando.ts'
import { root } from '../../support/repository.ts'
import { until } from '../../support/until.ts'

const RATE = '150'
const BACK_WITHIN_MS = 60_000
const conduit = join(root, 'examples', 'conduit')

/** What visitors met while something happened. */
export interface Meanwhile {
  readonly requests: number
  /** Failed calls whose method is safe, with their reasons: `GET tags: ECONNRESET`. Empty is what is promised. */
  readonly failedReads: readonly string[]
  /** The same of the others. */
  readonly failedWrites: readonly string[]
  readonly result: LoadResult
}

export interface Fleet extends AsyncDisposable {
  readonly pando: Pando
  /** The copy of the application that runs. */
  readonly appDir: string
  /** Every write that was answered, and every one that was not. */
  readonly writes: readonly WriteRecord[]
  member(name: string): Promise<MemberStatus>
  /** Sends `signal` to the member's process and resolves when it has its effect. */
  signal(name: string, signal: 'SIGKILL' | 'SIGSTOP'): Promise<ProcessIdentity>
  /** Resolves when every member runs and every web server is in service; how long that took, in milliseconds. */
  whole(servers: number): Promise<number>
  /**
   * Drives the mix while `happens` goes on, and for a second before and after. With `keys` sent, clients repeat a write
   * whose connection broke; else only what is safe, as browsers do.
   */
  during(happens: () => Promise<unknown>, keys?: 'none' | 'sent'): Promise<Meanwhile>
  verify(): Promise<{ readonly checked: number; readonly wrong: readonly unknown[] }>
}

export async function startFleet(seed: string, env: Readonly<Record<string, string>> = {}): Promise<Fleet> {
  await using opening = new AsyncDisposableStack()
  const appDir = copyOfConduit(opening)
  const pando = opening.use(await startPando({ appDir, env: { PANDO_STAGE: 'balanced', ...env } }))
  const seeding = [join(conduit, 'seed', 'main.ts'), '--size', 'S', '--data', pando.dataDir]
  const seeded = await output(process.execPath, seeding, process.env)
  if (seeded.status !== 0) throw new Error(seeded.text)
  const mix = await loadMix(join(conduit, 'load', 'b-mixed.ts'))
  const prepare = async (keys: string): Promise<PreparedLoad> => {
    const load = await prepareLoad({
      url: pando.url,
      mix,
      variables: variablesOf(mix, ['size=S', `keys=${keys}`]),
      seed: `${seed}/${keys}`,
      maxInFlight: 512,
      timeoutMs: 20_000,
      retrySafe: true,
      clock: systemClock,
    })
    opening.defer(() => load.close())
    return load
  }
  const loads = { none: await prepare('none'), sent: await prepare('sent') }
  const open = opening.move()
  const writes: WriteRecord[] = []
  const member = async (name: string): Promise<MemberStatus> =>
    (await pando.status()).members.find((candidate) => candidate.name === name)!
  return {
    pando,
    appDir,
    writes,
    member,
    async signal(name, signal) {
      const identity = identify((await member(name)).pid)!
      signalProcess(identity, signal)
      if (signal === 'SIGKILL') await until(`${name} is gone`, BACK_WITHIN_MS, () => !isRunning(identity))
      return identity
    },
    whole: (servers) =>
      until(`${servers} web servers are in service`, BACK_WITHIN_MS, async () => {
        const { members } = await pando.status().catch(() => ({ members: [] }))
        const web = members.filter(({ tier }) => tier === 'web')
        return (
          web.length === servers &&
          members.every(({ state }) => state === 'running') &&
          web.every(({ detail }) => detail.includes('in service'))
        )
      }),
    async during(happens, keys = 'none') {
      const end = new AbortController()
      const running = loads[keys].run({
        stages: parseStages(RATE, 600, 0),
        probeShare: 0.1,
        onWrite: (record) => void writes.push(record),
        signal: end.signal,
      })
      try {
        await systemClock.sleep(1_000)
        await happens()
        await systemClock.sleep(1_000)
      } finally {
        end.abort()
      }
      return meanwhileOf(await running)
    },
    async verify() {
      const { checked, missing, unreadable, duplicated } = await loads.none.verify(writes)
      return { checked, wrong: [...missing, ...unreadable, ...duplicated] }
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  }
}

// The one write of the mix that Conduit does not declare idempotent: a crash may cost it.
const UNDECLARED = 'PUT user'

function meanwhileOf(result: LoadResult): Meanwhile {
  const failed = (isSafe: boolean): string[] =>
    Object.entries(result.calls)
      .filter(([name]) => name !== UNDECLARED && name.startsWith('GET ') === isSafe)
      .flatMap(([name, { errors }]) =>
        Object.entries(errors).map(([reason, count]) => `${name}: ${reason} × ${count}`),
      )
  return {
    requests: result.ok + result.failed,
    failedReads: failed(true),
    failedWrites: failed(false),
    result,
  }
}

/** Below the repository, so that its imports find the same packages. */
function copyOfConduit(opening: AsyncDisposableStack): string {
  const appDir = join(root, '.cache', `conduit-${process.pid}-${crypto.randomUUID().slice(0, 8)}`)
  mkdirSync(join(root, '.cache'), { recursive: true })
  opening.defer(() => rmSync(appDir, { recursive: true, force: true }))
  cpSync(conduit, appDir, {
    recursive: true,
    filter: (path) => !/\/(node_modules|\.pando)(\/|$)/.test(path.slice(conduit.length)),
  })
  symlinkSync(join(conduit, 'node_modules'), join(appDir, 'node_modules'))
  return appDir
}

/** Makes another version of the application in `appDir`: it names itself in the header `x-version`. */
export function writeVersion(appDir: string, version: string): void {
  const file = join(appDir, 'app.ts')
  const source = readFileSync(join(conduit, 'app.ts'), 'utf8')
  const answering = '(isForApi(request) ? api.fetch(request) : pages.fetch(request))'
  if (!source.includes(answering))
    throw new Error('the application answers in another way than this test knows')
  writeFileSync(
    file,
    source.replace(
      answering,
      `new URL(request.url).pathname === '/version' ? new Response(${JSON.stringify(version)}) : ${answering}`,
    ),
  )
}
