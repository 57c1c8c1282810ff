/** One thing that is wrong with a topology. `value` is ready to be printed: secrets are `***`. */
export interface TopologyProblem {
  /** `web.port`; a name of the file or of an environment variable where there is no key. */
  readonly key: string
  /** As JSON; undefined where the key itself is the problem. */
  readonly value?: string
  /** `PORT`, `--port`, `pando.topology.ts`. */
  readonly source: string
  /** `expected a whole number from 1 to 65535`, `unknown setting; did you mean web.port?` */
  readonly problem: string
}

function table(problems: readonly TopologyProblem[]): string {
  const rows = problems.map(({ key, value, source, problem }) => [
    key,
    value === undefined ? `in ${source}` : `${value} from ${source}`,
    problem,
  ])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)))
  return rows
    .map(
      ([key, found, problem]) => `\n  ${key!.padEnd(widths[0]!)}  ${found!.padEnd(widths[1]!)}  ${problem}`,
    )
    .join('')
}

interface Found {
  readonly problems: readonly TopologyProblem[]
  /** Absolute path of the topology file, when there is one. */
  readonly file?: string
}

function report(one: string, many: string, { problems, file }: Found): string {
  const count = problems.length === 1 ? `1 setting ${one}` : `${problems.length} settings ${many}`
  return `${count}${file === undefined ? '' : ` (${file})`}.${table(problems)}`
}

export const topologyErrors = {
  TOPOLOGY_INVALID: {
    message: (at: Found): string => report('needs attention', 'need attention', at),
    fix: 'Correct the values named above; docs/reference/config.md lists every setting with its range and its meaning.',
    permanent: true,
  },
  TOPOLOGY_NOT_YET: {
    message: (at: Found): string => report('is not yet in this version', 'are not yet in this version', at),
    fix: 'Take the settings named above out of the topology and stay on a stage that this version runs: "single" or "balanced".',
    permanent: true,
  },
  TOPOLOGY_FILE_MISSING: {
    message: (at: { file: string }): string => `There is no topology file at ${at.file}.`,
    fix: 'Correct the path after `--topology`, or leave it out: without a file everything has its default.',
    permanent: true,
  },
  TOPOLOGY_UNLOADABLE: {
    message: (at: { file: string; line?: number; reason: string }): string =>
      `${at.file}${at.line === undefined ? '' : `:${at.line}`} could not be loaded: ${at.reason}.`,
    fix: 'Correct the file at the place named above.',
    permanent: true,
  },
  TOPOLOGY_EXPORT: {
    message: (at: { file: string; found: string }): string => `${at.file} is not a topology: ${at.found}.`,
    fix: 'Let the file end in `export default defineTopology({ … })`.',
    permanent: true,
  },
} as const
