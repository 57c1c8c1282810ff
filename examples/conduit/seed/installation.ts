// The installation whose database is seeded: the running one, or one that is started for the seeding and stopped again.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const PANDO = fileURLToPath(new URL('../../../bin/pando.js', import.meta.url))
const CONDUIT = fileURLToPath(new URL('..', import.meta.url))

export interface StartedInstallation extends AsyncDisposable {
  /** Whether it was started for us. */
  readonly started: boolean
}

/** Starts Conduit on the data directory unless it runs there. Disposing stops what was started. */
export async function runningInstallation(dataDir: string, port: number): Promise<StartedInstallation> {
  if (await isRunning(dataDir)) return { started: false, [Symbol.asyncDispose]: () => Promise.resolve() }
  await pando(['up', '--detach', '--app', CONDUIT, '--data', dataDir, '--port', String(port)])
  return {
    started: true,
    async [Symbol.asyncDispose]() {
      await pando(['down', '--data', dataDir])
    },
  }
}

interface Status {
  readonly members: readonly { readonly tier: string; readonly state: string }[]
}

async function isRunning(dataDir: string): Promise<boolean> {
  const { status, output } = await command(['status', '--json', '--data', dataDir])
  if (status !== 0) return false
  try {
    const { members } = JSON.parse(output) as Status
    return members.some(({ tier, state }) => tier === 'database' && state === 'running')
  } catch {
    return false
  }
}

async function pando(args: readonly string[]): Promise<void> {
  const { status, output, errors } = await command(args)
  if (status !== 0) throw new Error(`\`pando ${args[0]}\` failed (exit ${status}):\n${errors}${output}`)
}

function command(
  args: readonly string[],
): Promise<{ readonly status: number; readonly output: string; readonly errors: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    output: string
    errors: string
  }>()
  const child = spawn(process.execPath, [PANDO, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.on('error', reject)
  child.on('close', (code) => resolve({ status: code ?? 1, output, errors }))
  return promise
}
