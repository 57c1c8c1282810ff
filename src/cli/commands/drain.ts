// `pando drain web-2`: takes one server out of service and leaves its process running, to look at it; another takes its
// place. `--undo` puts it back.

import type { Command } from 'commander'
import { runChange } from '../make-change.ts'
import type { ChangeOptions } from '../running.ts'

const EXAMPLES = `
Examples:
  $ pando drain web-2            no requests for web-2 any more; another server stands in for it
  $ pando drain web-2 --undo     back into service; the one that stood in for it ends

The drained process goes on without requests until it is put back, replaced or stopped.`

export function register(program: Command): void {
  program
    .command('drain <member>')
    .description('take a server out of service without ending it, or put it back')
    .option('--undo', 'put it back into service')
    .option('--app <dir>', 'directory of the application (default: the current one)')
    .option('--data <dir>', 'data directory (default: .pando in the application)')
    .option('--json', 'print how it ended as JSON')
    .addHelpText('after', EXAMPLES)
    .action((member: string, options: ChangeOptions & { readonly undo?: boolean }) =>
      runChange(options, () =>
        options.undo === true
          ? { request: { kind: 'restore', member }, what: `${member} is in service again` }
          : { request: { kind: 'drain', member }, what: `${member} is out of service and gets no requests` },
      ),
    )
}
