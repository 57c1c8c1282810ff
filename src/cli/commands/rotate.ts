// `pando rotate session-key`: a new key signs cookies, and those of the keys before it stay good.
//
// While the installation runs that takes two rounds through the web servers: in the first each one comes to know the new
// key, and only in the second one after the other signs with it. Interrupted in between, it is gone on with next time.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { announceSecret, promoteSecret } from '../../base/installation.ts'
import { nearest } from '../../base/nearest.ts'
import { dataDirOf } from '../data-dir.ts'
import { carryOut } from '../make-change.ts'
import { runningAt, type RunningInstallation } from '../running.ts'
import { openTerminal } from '../terminal.ts'

const ROTATABLE = ['session-key'] as const

const EXAMPLES = `
Examples:
  $ pando rotate session-key     every web server is replaced twice, without a failed request

When nothing runs, the next start signs with the new key. Nobody is logged out: cookies signed with one of the last 8 keys are accepted, and signed
anew when they are used.`

export function register(program: Command): void {
  program
    .command('rotate <secret>')
    .description(`put a new secret in front of the old ones: ${ROTATABLE.join(', ')}`)
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .addHelpText('after', EXAMPLES)
    .action(rotate)
}

async function rotate(
  name: string,
  options: { readonly app?: string; readonly data?: string },
): Promise<void> {
  if (!ROTATABLE.some((known) => known === name))
    throw new PlatformError('CLI_SECRET_UNKNOWN', {
      name,
      known: ROTATABLE,
      nearest: nearest(name, ROTATABLE),
    })
  const dataDir = dataDirOf(options)
  // A key made beside the installation that was meant would be taken for the rotation.
  if (!existsSync(join(dataDir, 'secrets'))) throw new PlatformError('CLI_NO_INSTALLATION', { dataDir })
  const running = await runningAt(options)
  if (running !== undefined) return rotateLive(running, name)
  const { realInstallation } = await import('../../supervisor/records.ts')
  const installation = realInstallation(dataDir)
  announceSecret(installation, name)
  const id = promoteSecret(installation, name)
  openTerminal().line(
    `${name} number ${id} signs from the next start on; those before it are still accepted.`,
  )
}

/** Each step is complete before the next: a process that signs with a key which another does not know logs people out. */
async function rotateLive(running: RunningInstallation, name: string): Promise<void> {
  const { terminal, installation } = running
  const request = { kind: 'restart', tier: 'web' } as const
  const id = announceSecret(installation, name)
  const note = `${name} number ${id} is made known to every web server, then used by every one.`
  await carryOut(running, { request, note, what: `every web server knows number ${id}` })
  if (process.exitCode !== 0) {
    terminal.error(`Number ${id} is not used yet. Run the command again to go on.`)
    return
  }
  promoteSecret(installation, name)
  await carryOut(running, { request, what: `number ${id} signs; those before it are still accepted` })
  if (process.exitCode !== 0)
    terminal.error(
      `Number ${id} signs from each process's next start on: \`pando restart web\` completes it.`,
    )
}
