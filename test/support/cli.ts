// Runs the command line from its source, as a process of its own, the way a shell would.

import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { output } from './pando.ts'
import { root } from './repository.ts'

const MAIN = pathToFileURL(join(root, 'src', 'cli', 'main.ts')).href

const PROGRAM = `import { main } from ${JSON.stringify(MAIN)}\nawait main(process.argv.slice(1))`

/** What Node.js is started with; the arguments of the command follow. The separator keeps --help from being Node's own. */
export const CLI_ARGS: readonly string[] = ['--input-type=module', '--eval', PROGRAM, '--']

/** Exit status and everything printed by `pando ARGS`; the environment is `env` and PATH only. */
export function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ status: number | null; text: string }> {
  return output(process.execPath, [...CLI_ARGS, ...args], {
    PATH: process.env['PATH'],
    NO_COLOR: '1',
    ...env,
  })
}
