// Runs the command line from its source, as a process of its own, the way a shell would.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { output } from './pando.ts'
import { root } from './repository.ts'

const MAIN = pathToFileURL(join(root, 'src', 'cli', 'main.ts')).href

/** Exit status and everything printed by `pando ARGS`; the environment is `env` and PATH only. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ status: number | null; text: string }> {
  const program = `import { main } from ${JSON.stringify(MAIN)}\nawait main(process.argv.slice(1))`
  // The separator keeps options such as --help from being taken for Node's own.
  return output(process.execPath, ['--input-type=module', '--eval', program, '--', ...args], {
    PATH: process.env['PATH'],
    NO_COLOR: '1',
    ...env,
  })
}
