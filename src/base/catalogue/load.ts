export const loadErrors = {
  LOAD_OPTION_INVALID: {
    message: (at: { option: string; value: string; expected: string }): string =>
      `${at.option} is "${at.value}": expected ${at.expected}.`,
    fix: 'Correct the option; `pando load --help` lists them all with their ranges.',
    permanent: true,
  },
  LOAD_MIX_NOT_FOUND: {
    message: (at: { file: string; nearest?: string | undefined }): string =>
      `There is no mix file ${at.file}${at.nearest === undefined ? '' : `; did you mean ${at.nearest}?`}`,
    fix: 'Name a file whose default export is made with `defineMix` of `pando/load`; docs/how-to/load.md shows how to write one.',
    permanent: true,
  },
  LOAD_MIX_UNLOADABLE: {
    message: (at: { file: string; reason: string }): string =>
      `${at.file} could not be loaded: ${at.reason}.`,
    fix: 'Correct the file; `node FILE` shows the same error with its stack.',
    permanent: true,
  },
  LOAD_MIX_INVALID: {
    message: (at: { file: string; problems: readonly string[] }): string =>
      `${at.file} is not a mix, ${at.problems.length} ${at.problems.length === 1 ? 'problem' : 'problems'}:\n${at.problems.map((problem) => `  ${problem}`).join('\n')}`,
    fix: 'Correct the places named above; docs/how-to/load.md describes every part of a mix.',
    permanent: true,
  },
  LOAD_VARIABLE_UNKNOWN: {
    message: (at: { name: string; nearest?: string | undefined; known: readonly string[] }): string =>
      `The mix has no variable "${at.name}"${at.nearest === undefined ? '' : `; did you mean ${at.nearest}?`}`,
    fix: (at: { known: readonly string[] }): string =>
      at.known.length === 0
        ? 'Leave `--var` out: this mix has no variables.'
        : `Give \`--var NAME=VALUE\` with one of: ${at.known.join(', ')}.`,
    permanent: true,
  },
  LOAD_FILE_UNUSABLE: {
    message: (at: { option: string; file: string; reason: string }): string =>
      `The file of ${at.option}, ${at.file}, cannot be used: ${at.reason}.`,
    fix: 'Name another file, or make its directory first. Nothing was sent yet.',
    permanent: true,
  },
  LOAD_PREPARE_FAILED: {
    message: (at: { mix: string; url: string; reason: string }): string =>
      `The mix "${at.mix}" could not get ready on ${at.url}: ${at.reason}.`,
    fix: 'Check that the application runs at this address and holds the data that the mix needs, then start again.',
  },
  LOAD_RECORD_INVALID: {
    message: (at: { file: string; line: number; reason: string }): string =>
      `Line ${at.line} of ${at.file} is not the record of an acknowledged write: ${at.reason}.`,
    fix: 'Name a file that `pando load --acknowledged FILE` wrote, unchanged.',
    permanent: true,
  },
  LOAD_NOT_VERIFIABLE: {
    message: (at: { mix: string }): string =>
      `The mix "${at.mix}" does not say how its writes are read back.`,
    fix: 'Give the mix a `readBack` function, or leave out `--verify`.',
    permanent: true,
  },
} as const
