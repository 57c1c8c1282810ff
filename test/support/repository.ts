import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Absolute path of the repository. */
export const root: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** Files of the repository, tracked or new and not ignored, as sorted paths from its root. */
export function repositoryFiles(wanted: (path: string) => boolean): string[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  return listed
    .split('\n')
    .filter((path) => path !== '' && wanted(path) && existsSync(join(root, path)))
    .toSorted()
}
