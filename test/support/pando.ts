// A real installation for a test: `pando up` on the built package, in a data directory of its own, on a free port.

import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from './free-port.ts'
import { root } from './repository.ts'

export interface MemberStatus {
  readonly name: string
  readonly tier: string
  readonly state: string
  readonly pid: number
  readonly address: string
  readonly restarts: number
  readonly detail: string
}

export interface Status {
  readonly stage: string
  readonly endpoints: { readonly web: string }
  readonly members: readonly MemberStatus[]
}

export interface PandoOptions {
  /** Directory of the application. Default: examples/conduit. */
  readonly appDir?: string
  readonly env?: Readonly<Record<string, string>>
  readonly dataDir?: string
}

export interface Pando {
  readonly url: string
  readonly dataDir: string
  status(): Promise<Status>
  /** Runs a command of the CLI on this installation. */
  command(...args: string[]): Promise<{ stdout: string; stderr: string }>
  [Symbol.asyncDispose](): Promise<void>
}

export const pandoBin: string = join(root, 'bin', 'pando.js')
const run = promisify(execFile)

/** Starts the application and resolves when it is ready; disposing stops it and removes its data. */
export async function startPando(options: PandoOptions = {}): Promise<Pando> {
  const appDir = options.appDir ?? join(root, 'examples', 'conduit')
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'pando-e2e-'))
  const port = await freePort()
  const env = { ...process.env, NO_COLOR: '1', ...options.env }
  const command = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    run(process.execPath, [pandoBin, ...args, '--data', dataDir], { cwd: appDir, env, timeout: 90_000 })
  try {
    await command('up', '--detach', '--app', appDir, '--port', String(port))
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`pando up failed:\n${stdout}\n${stderr}`, { cause: error })
  }
  return {
    url: `http://127.0.0.1:${port}`,
    dataDir,
    command,
    status: async () => JSON.parse((await command('status', '--json')).stdout) as Status,
    async [Symbol.asyncDispose]() {
      await command('down')
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Starts a program and gives its whole output when it ends, whatever its exit status. */
export function output(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ status: number | null; text: string }> {
  const child: ChildProcess = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const parts: Buffer[] = []
  child.stdout!.on('data', (part: Buffer) => parts.push(part))
  child.stderr!.on('data', (part: Buffer) => parts.push(part))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status) => resolve({ status, text: Buffer.concat(parts).toString() }))
  })
}
