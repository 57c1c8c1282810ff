export const appErrors = {
  APP_NOT_FOUND: {
    message: (at: { dir: string; looked: readonly string[] }): string =>
      `There is no application in ${at.dir}: none of ${at.looked.join(', ')} exists.`,
    fix: 'Name the directory of the application with `--app DIR`, or make a new one with `pando new NAME`.',
    permanent: true,
  },
  APP_UNLOADABLE: {
    message: (at: { file: string; reason: string }): string =>
      `${at.file} could not be loaded: ${at.reason}.`,
    fix: 'Correct the file; `node FILE` shows the same error with its stack.',
    permanent: true,
  },
  APP_INVALID: {
    message: (at: { file: string; problem: string }): string =>
      `${at.file} is not an application: ${at.problem}.`,
    fix: "Let the file end in `export default defineApp({ name: 'guestbook', setup() { … } })`.",
    permanent: true,
  },
} as const
