// The `pando` command. Only the command that is asked for is loaded, so that `pando status` does not wait for what
// `pando load` needs; help, and a name that is not known, load all of them.

import { readFileSync } from 'node:fs'
import { Command, type CommanderError } from 'commander'
import { EXIT, PlatformError } from '../base/errors.ts'
import { printError } from './print-error.ts'
import { openTerminal } from './terminal.ts'

interface CommandModule {
  register(program: Command): void
}

const COMMANDS: Readonly<Record<string, () => Promise<CommandModule>>> = {
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  status: () => import('./commands/status.ts'),
  logs: () => import('./commands/logs.ts'),
  apply: () => import('./commands/apply.ts'),
  scale: () => import('./commands/scale.ts'),
  drain: () => import('./commands/drain.ts'),
  restart: () => import('./commands/restart.ts'),
  doctor: () => import('./commands/doctor.ts'),
  config: () => import('./commands/config.ts'),
  rotate: () => import('./commands/rotate.ts'),
  new: () => import('./commands/new.ts'),
  load: () => import('./commands/load.ts'),
}

const EXAMPLES = `
Examples:
  $ pando new guestbook              make an application
  $ pando up                         run it: database, web and all, at http://127.0.0.1:3000
  $ pando status                     see what runs
  $ pando apply                      take up edited code and topology, without a failed request
  $ pando down                       stop it; the data is kept

\`pando COMMAND --help\` tells more about one command.`

/** The whole command line, with the commands in `names` (default: all). */
export async function buildProgram(names: readonly string[] = Object.keys(COMMANDS)): Promise<Command> {
  const program = new Command('pando')
    .description('Runs one web application at any size: first on one server, later on a fleet.')
    .version(version(), '-V, --version', 'print the version')
    .option('--debug', 'print the stack of every error')
    .helpOption('-h, --help', 'show this help')
    .helpCommand('help [command]', 'show the help of a command')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, '✗ ')) })
    .exitOverride()
    .addHelpText('after', EXAMPLES)
  for (const name of names) (await COMMANDS[name]!()).register(program)
  for (const command of program.commands)
    command
      .option('--debug', 'print the stack of every error')
      .helpOption('-h, --help', 'show this help')
      .showHelpAfterError(`  See \`pando ${command.name()} --help\`.`)
  return program.showHelpAfterError('  See `pando --help`.')
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url)
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

/** Runs one command line and sets the exit status. */
export async function main(args: readonly string[]): Promise<void> {
  const [name] = args.filter((argument) => !argument.startsWith('-'))
  const known = name !== undefined && Object.hasOwn(COMMANDS, name) ? [name] : undefined
  // Emitted when nothing is left to do although the command has not ended: a file it loads awaits what never comes.
  const unsettled = (): void => {
    process.exitCode = printError(openTerminal(), new PlatformError('CLI_NEVER_ENDS', {}), false)
  }
  process.once('beforeExit', unsettled)
  try {
    await (await buildProgram(known)).parseAsync(args, { from: 'user' })
  } catch (error) {
    if (isUsage(error)) process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage
    else process.exitCode = printError(openTerminal(), error, args.includes('--debug'))
  } finally {
    process.removeListener('beforeExit', unsettled)
  }
}

/** Commander has printed it already: help, the version, or what is wrong with the arguments. */
function isUsage(error: unknown): error is CommanderError {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('commander.')
}
