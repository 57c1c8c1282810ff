// Which installation a command means: `--data DIR`, else `.pando` in the application's directory.

import { join, resolve } from 'node:path'

/** Absolute path of the data directory. */
export function dataDirOf(options: { readonly app?: string; readonly data?: string }): string {
  return options.data === undefined ? join(resolve(options.app ?? '.'), '.pando') : resolve(options.data)
}
