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
  APP_SETUP_INVALID: {
    message: (at: { file: string; returned: string }): string =>
      `setup() of ${at.file} returned ${at.returned}, and that cannot serve.`,
    fix: 'Return `{ listener: app }` (Express, Fastify, Node) or `{ fetch: app.fetch }` (Hono, a plain function).',
    permanent: true,
  },
  APP_SETUP_FAILED: {
    message: (at: { file: string; reason: string }): string => `setup() of ${at.file} failed: ${at.reason}.`,
    fix: 'Correct what setup() does, or what it depends on. The stack is in `pando logs`.',
  },
  APP_NEVER_READY: {
    message: (at: { file: string }): string =>
      `${at.file} waits for something that never comes: nothing is left that could end its wait.`,
    fix: 'Look for an `await` at the top of the file, or in setup(), whose promise nobody settles.',
    permanent: true,
  },
} as const
