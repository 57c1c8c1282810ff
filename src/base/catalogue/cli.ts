/** Why a change is refused; see `Obstacle` of the topology. */
interface RefusedFor {
  readonly kind: 'restart' | 'loss' | 'logout'
  readonly key: string
  readonly from: string
  readonly to: string
  readonly problem: string
  readonly remedy: string
}

export const cliErrors = {
  CLI_CHANGE_REFUSED: {
    message: (at: { obstacles: readonly RefusedFor[] }): string =>
      `The change is refused, and nothing was done.${at.obstacles
        .map(
          ({ key, from, to, problem, remedy }) =>
            `\n  ${key}  ${from} → ${to}\n    ${problem}\n    ${remedy}`,
        )
        .join('')}`,
    fix: 'Do as is said there; `pando apply --dry-run` shows the whole change.',
    permanent: true,
  },
  CLI_SCALE_INVALID: {
    message: (at: { text: string; problem: string }): string => `"${at.text}" ${at.problem}.`,
    fix: 'Write the tier and how many servers it shall have, for example `pando scale web=5`.',
    permanent: true,
  },
  CLI_TIER_UNKNOWN: {
    message: (at: { tier: string; known: readonly string[]; nearest: string | undefined }): string =>
      `There is no tier called "${at.tier}"${at.nearest === undefined ? '.' : `; did you mean "${at.nearest}"?`}`,
    fix: (at: { known: readonly string[] }): string => `Name one of: ${at.known.join(', ')}.`,
    permanent: true,
  },
  CLI_NAME_INVALID: {
    message: (at: { name: string; problem: string }): string =>
      `"${at.name}" cannot be the name of an application: ${at.problem}.`,
    fix: 'Choose 1 to 50 of a-z, 0-9 and -, beginning with a letter, for example `pando new guestbook`.',
    permanent: true,
  },
  CLI_DIRECTORY_TAKEN: {
    message: (at: { path: string; found: string }): string => `${at.path} ${at.found}.`,
    fix: 'Name another directory with `--dir DIR`, or move away what is there.',
    permanent: true,
  },
  CLI_DIRECTORY_UNWRITABLE: {
    message: (at: { path: string; reason: string }): string =>
      `The application could not be written to ${at.path}: ${at.reason}.`,
    fix: 'Nothing was left there. Name a directory that you may write to with `--dir DIR`.',
    permanent: true,
  },
  CLI_SECRET_UNKNOWN: {
    message: (at: { name: string; known: readonly string[]; nearest: string | undefined }): string =>
      `"${at.name}" is not a secret that can be rotated${at.nearest === undefined ? '' : `; did you mean ${at.nearest}`}.`,
    fix: (at: { known: readonly string[] }): string => `Name one of: ${at.known.join(', ')}.`,
    permanent: true,
  },
  CLI_NO_INSTALLATION: {
    message: (at: { dataDir: string }): string => `There is no installation with its data in ${at.dataDir}.`,
    fix: 'Name the right one with `--app DIR` or `--data DIR`; `pando up` makes a new one.',
    permanent: true,
  },
  CLI_NEVER_ENDS: {
    message: (_at: object): string =>
      'The application or its topology file waits for something that never comes, so the command could not go on.',
    fix: 'Look for an `await` at the top of one of these files whose promise nobody settles.',
    permanent: true,
  },
} as const
