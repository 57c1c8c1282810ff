// `pando rotate session-key`: a new key signs cookies from the next start on, and those of the keys before it stay good.
//
// Refused while the installation runs: a process that was started again would sign with a key that the others do not
// know, and their visitors would be logged out.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { rotateSecret } from '../../base/installation.ts'
import { nearest } from '../../base/nearest.ts'
import { dataDirOf } from '../data-dir.ts'
import { openTerminal } from '../terminal.ts'

const ROTATABLE = ['session-key'] as const

const EXAMPLES = `
Examples:
  $ pando down && pando rotate session-key && pando up --detach

Nobody is logged out: cookies signed with one of the last 8 keys are accepted, and signed
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
  const [{ isAttended }, { realInstallation }] = await Promise.all([
    import('../../supervisor/bring-up.ts'),
    import('../../supervisor/records.ts'),
  ])
  const dataDir = dataDirOf(options)
  // A key made beside the installation that was meant would be taken for the rotation.
  if (!existsSync(join(dataDir, 'secrets'))) throw new PlatformError('CLI_NO_INSTALLATION', { dataDir })
  const installation = realInstallation(dataDir)
  if (isAttended(installation)) throw new PlatformError('CLI_STOP_FIRST', { what: `rotate ${name}`, dataDir })
  const id = rotateSecret(installation, name)
  openTerminal().line(
    `${name} number ${id} signs from the next start on; those before it are still accepted.`,
  )
}
