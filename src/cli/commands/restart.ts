// `pando restart web`: a new process in the place of each old one, one after the other, without a failed request.

import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { runChange } from '../make-change.ts'
import type { ChangeOptions } from '../running.ts'

const EXAMPLES = `
Examples:
  $ pando restart web         a new process for every web server, one after the other
  $ pando restart balancer    the balancer takes up its files again: renewed certificates

Edited code is taken up by \`pando apply\`, which goes back by itself when it does not start.`

export function register(program: Command): void {
  program
    .command('restart <tier>')
    .description('replace every process of a tier, without a failed request')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--json', 'print how it ended as JSON')
    .addHelpText('after', EXAMPLES)
    .action((tier: string, options: ChangeOptions) =>
      runChange(options, ({ members }) => {
        const known = [...new Set(members.map((spec) => spec.tier))]
        if (!known.includes(tier))
          throw new PlatformError('CLI_TIER_UNKNOWN', { tier, known, nearest: nearest(tier, known) })
        const count = members.filter((spec) => spec.tier === tier).length
        const what = `${count} ${count === 1 ? `${tier} process` : `${tier} processes`} restarted`
        return { request: { kind: 'restart', tier }, what }
      }),
    )
}
