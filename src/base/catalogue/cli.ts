export const cliErrors = {
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
} as const
