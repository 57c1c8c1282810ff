// One installation of small members for a test: starts it as a person would, looks at it from outside (the processes
// that carry its mark, who answers on the sockets), and leaves nothing behind.

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../../src/base/clock.ts'
import type { Installation } from '../../../src/base/installation.ts'
import { installationId } from '../../../src/base/mark.ts'
import { isRunning, signalProcess, type ProcessIdentity } from '../../../src/base/process.ts'
import { askReport } from '../../../src/supervisor/control.ts'
import {
  readMemberRecords,
  readRole,
  realInstallation,
  type Plan,
  type Role,
} from '../../../src/supervisor/records.ts'
import type { InstallationStatus, MemberStatus } from '../../../src/supervisor/status.ts'
import { findMarked } from '../../../src/supervisor/strays.ts'
import { askPid, socketOf } from './engines.ts'

export interface TestMember {
  readonly name: string
  readonly mode: string
  readonly after: readonly string[]
}

/** A store and two webs that need it. */
export const STORE_AND_WEBS: readonly TestMember[] = [
  { name: 'store', mode: 'serve', after: [] },
  { name: 'web-1', mode: 'serve', after: ['store'] },
  { name: 'web-2', mode: 'serve', after: ['store'] },
]

/** A plan of members that nobody passes requests to. */
function plainPlan(members: readonly TestMember[], appDir: string): Plan {
  return {
    stage: 'single',
    appDir,
    endpoints: { web: 'http://127.0.0.1:22000' },
    routes: [],
    source: undefined,
    enginesModule: script('engines.ts'),
    members: members.map(({ name, mode, after }) => ({
      name,
      tier: 'test',
      engine: mode,
      after,
      address: `${name}.s`,
      settings: {},
    })),
  }
}

const jsonOf = (what: readonly TestMember[] | Plan, dataDir: string): string =>
  JSON.stringify('members' in what ? what : plainPlan(what, dataDir))

export interface Ended {
  readonly status: number
  readonly output: string
}

/**
 * The environment of what a test starts: compiled sources are kept between starts, which are hundreds, and half of each
 * would be compiling (nodejs.org/api/module.html#module-compile-cache).
 */
const environment = (): NodeJS.ProcessEnv => ({
  ...process.env,
  NODE_COMPILE_CACHE: join(tmpdir(), 'pando-test-compile-cache'),
})

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url))

export class TestInstallation implements AsyncDisposable {
  readonly dir: string
  readonly at: Installation
  readonly #children: ChildProcess[] = []

  constructor() {
    this.dir = realpathSync(mkdtempSync(join(tmpdir(), 'pando-supervisor-')))
    this.at = realInstallation(join(this.dir, 'data'))
  }

  /** `up` in the foreground; the child is the watchdog. */
  up(
    what: readonly TestMember[] | Plan,
    dataDir = this.at.dataDir,
  ): { child: ChildProcess; ended: Promise<Ended>; said: () => string } {
    const child = spawn(process.execPath, [script('up.ts'), dataDir, jsonOf(what, dataDir)], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#children.push(child)
    let output = ''
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (output += text))
    const ended = new Promise<Ended>((resolve) =>
      child.once('close', (status, signal) =>
        resolve({ status: status ?? -1, output: `${output}${signal ?? ''}` }),
      ),
    )
    return { child, ended, said: () => output }
  }

  /** `up --detach`: resolves when it returns. */
  upDetached(what: readonly TestMember[] | Plan): Promise<Ended> {
    return run([script('up.ts'), this.at.dataDir, jsonOf(what, this.at.dataDir), '--detach'])
  }

  /** `pando COMMAND --data …` */
  pando(...args: readonly string[]): Promise<Ended> {
    return run([script('cli.ts'), ...args, '--data', this.at.dataDir])
  }

  role(role: Role): ProcessIdentity | undefined {
    const identity = readRole(this.at, role)
    return identity !== undefined && isRunning(identity) ? identity : undefined
  }

  processOf(name: string): ProcessIdentity | undefined {
    const identity = readMemberRecords(this.at).find(({ spec }) => spec.name === name)?.process
    return identity !== undefined && isRunning(identity) ? identity : undefined
  }

  /** Who answers on the member's socket. */
  servedBy(name: string): Promise<number> {
    return askPid(socketOf(this.at, name))
  }

  async status(): Promise<InstallationStatus> {
    return (await askReport(this.at)).status
  }

  async member(name: string): Promise<MemberStatus> {
    return (await this.status()).members.find((member) => member.name === name)!
  }

  /** Processes with the installation's mark. */
  marked(): readonly number[] {
    return findMarked(installationId(this.at)).map(({ identity }) => identity.pid)
  }

  stops(): readonly string[] {
    return readFileSync(join(this.at.dataDir, 'stops'), 'utf8').trim().split('\n')
  }

  /** Watchdog, supervisor, and one process a member: all there, all answering, and no process more. */
  async isWhole(members: readonly TestMember[]): Promise<boolean> {
    if (this.role('watchdog') === undefined || this.role('supervisor') === undefined) return false
    const { members: shown } = await this.status()
    if (!shown.every(({ state }) => state === 'running')) return false
    const served = await Promise.all(members.map(({ name }) => this.servedBy(name)))
    const marked = this.marked()
    return marked.length === members.length && served.every((pid) => marked.includes(pid))
  }

  /** Kills everything that is left, by its recorded identity and by its mark. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (let round = 0; round < 100; round++) {
      const roles = [this.role('watchdog'), this.role('supervisor')].filter((role) => role !== undefined)
      for (const role of roles) signalProcess(role, 'SIGKILL')
      for (const { identity } of findMarked(installationId(this.at))) signalProcess(identity, 'SIGKILL')
      for (const child of this.#children) child.kill('SIGKILL')
      if (roles.length === 0 && this.marked().length === 0 && round > 4) break
      await systemClock.sleep(50)
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 })
  }
}

function run(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { encoding: 'utf8', env: environment() }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), output: stdout + stderr })
    })
  })
}
