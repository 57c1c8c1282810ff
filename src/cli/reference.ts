// The reference page of the commands, docs/reference/cli.md, as text: what `--help` says, of every command. A test
// compares the page in the repository with it.

import type { Command } from 'commander'
import { buildProgram } from './main.ts'

const HEAD = `# Commands

What \`pando --help\` and \`pando COMMAND --help\` print.

Exit status: 0 done; 1 something outside failed (an engine, the disk, the network) and trying again may help; 2 the
command line, the topology or the application is wrong, or a change was refused; 3 nothing runs (\`status\` and the commands
that change what runs); 130 left by Ctrl-C while a change, or by a third one while a stop, was under way.

Colours are for terminals; \`NO_COLOR=1\` turns them off. \`--debug\` adds the stack to every error.
`

/** The whole page, in the form that the formatter leaves alone. */
export async function renderCliReference(): Promise<string> {
  const program = await buildProgram()
  const sections = program.commands.map(
    (command) => `## pando ${command.name()}\n\n${fenced(helpOf(command))}`,
  )
  return [HEAD, fenced(helpOf(program)), ...sections].join('\n')
}

/** As `--help` prints it, examples included, 100 columns wide. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part), getOutHelpWidth: () => 100 })
  command.outputHelp()
  return text.trim()
}

function fenced(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\`\n`
}
