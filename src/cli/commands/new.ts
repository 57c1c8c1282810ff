// `pando new NAME`: writes a small application that runs, and says how to start it.

import { dirname, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { problemOfName } from '../scaffold/name.ts'
import { scaffoldFiles } from '../scaffold/templates.ts'
import { writeScaffold } from '../scaffold/write.ts'
import { openTerminal } from '../terminal.ts'

const EXAMPLES = `
Examples:
  $ pando new guestbook                 into ./guestbook
  $ pando new shop --dir /srv/shop      somewhere else

Writes all files or none, and only where nothing is.`

export function register(program: Command): void {
  program
    .command('new')
    .description('make a new application that runs: a guestbook with a table, a form and a list')
    .argument('<name>', 'name of the application and of its database: a-z, 0-9 and -')
    .option('--dir <dir>', 'directory to make (default: the name, in the current directory)')
    .addHelpText('after', EXAMPLES)
    .action((name: string, options: { readonly dir?: string }) => makeNew(name, options.dir ?? name))
}

function makeNew(name: string, dir: string): void {
  const problem = problemOfName(name)
  if (problem !== undefined) throw new PlatformError('CLI_NAME_INVALID', { name, problem })
  const files = scaffoldFiles({ name, pandoDir: ownDirectory() })
  const path = writeScaffold(dir, files)

  const terminal = openTerminal()
  const { paint } = terminal
  const shown = relative(process.cwd(), path) || '.'
  terminal.line(`${paint.green('✓')} ${paint.bold(name)} is in ${path}`)
  for (const file of Object.keys(files)) terminal.line(paint.dim(`    ${file}`))
  terminal.line('')
  terminal.line('Next:')
  if (shown !== '.') terminal.line(`  cd ${shown.startsWith('..') ? path : shown}`)
  terminal.line('  npm install')
  terminal.line('  npx pando up        then open http://127.0.0.1:3000')
}

function ownDirectory(): string {
  // The same distance from src/cli/commands and from dist/cli/commands.
  return dirname(fileURLToPath(new URL('../../../package.json', import.meta.url)))
}
