// The reference page of the settings, docs/reference/config.md, as text. Pure: it is made of the schema and the stages
// only, and a test compares the page in the repository with it.

import { listSettings, type Setting } from './settings.ts'
import { inWords, showValue } from './source.ts'
import { PLANNED_KEYS, STAGES } from './stages.ts'

const HEAD = `# Settings

Every setting of a topology, with its default, what it accepts and the environment variable that sets it. A value is
taken from the default, then the topology file, then the environment, then the command line; the last one wins.
\`pando config\` prints the values in force and where each comes from.

Durations are milliseconds (\`…Ms\`) and sizes are bytes (\`…Bytes\`). This page is generated:
\`npm run references\`.
`

/** The whole page, in the form that the formatter leaves alone. */
export function renderConfigReference(): string {
  const settings = listSettings()
  const tiers = [...new Set(settings.map(({ key }) => tierOf(key)))]
  const sections = tiers.map((tier) => {
    const rows = settings.filter(({ key }) => tierOf(key) === tier).map(settingRow)
    return `## ${tier}\n\n${table(['setting', 'default', 'accepts', 'environment', 'what it is for'], rows)}`
  })
  return `${[HEAD, ...sections, stages(), planned()].join('\n').trimEnd()}\n`
}

function tierOf(key: string): string {
  return key.split('.', 1)[0]!
}

function settingRow(setting: Setting): string[] {
  return [
    code(setting.key),
    setting.default === undefined
      ? 'none'
      : `${code(showValue(setting.default, setting.secret))}${inWords(setting.key, setting.default)}`,
    setting.accepts,
    setting.env.map(code).join(', '),
    setting.description,
  ]
}

function stages(): string {
  const rows = STAGES.map(({ name, adds, available }) => [
    code(name),
    adds,
    available ? 'this one' : 'a later one',
  ])
  return `## Stages\n\nEach contains the ones above it.\n\n${table(['stage', 'what it adds', 'version'], rows)}`
}

function planned(): string {
  const rows = Object.entries(PLANNED_KEYS).map(([key, { stage, accepted, now }]) => [
    code(key),
    code(stage),
    accepted === undefined ? '' : code(showValue(accepted, false)),
    now,
  ])
  return `## Not yet in this version

These are answered with \`TOPOLOGY_NOT_YET\`, except for the value that says what this version does anyway.

${table(['setting', 'comes with stage', 'accepted already', 'what works now'], rows)}`
}

function code(text: string): string {
  return `\`${text}\``
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', String.raw`\|`)))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |\n`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |\n`
  return line(cells[0]!) + rule + cells.slice(1).map(line).join('')
}
