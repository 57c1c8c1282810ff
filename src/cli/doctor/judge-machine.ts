// What to think of a machine: Node.js, user, memory, files, clock and disk. Pure.

import { fail, ok, warn, type Check } from './check.ts'

const MIB = 2 ** 20
const GIB = 2 ** 30

/** `version` as `process.version`: `v24.15.0`. The range of `engines` in package.json. */
export function judgeNode(version: string): Check {
  const [major = 0, minor = 0] = version.slice(1).split('.').map(Number)
  if ((major === 24 && minor >= 15) || major >= 26) return ok('node', version)
  return fail(
    'node',
    `${version}, and 24.15 or newer of the 24 line, or 26 or newer, is needed`,
    'Install it, for example with `nvm install 24`, or in the project with `npm install --save-dev node@24`.',
  )
}

/** `uid` as `process.geteuid()`. */
export function judgeUser(uid: number | undefined): Check {
  if (uid !== 0) return ok('user', uid === undefined ? 'no user ids on this system' : `uid ${uid}, not root`)
  return warn(
    'user',
    'root: the application could change the whole machine; the database runs as a user of its own, since PostgreSQL refuses root',
    'Run as an ordinary user: `useradd --create-home pando && sudo -u pando pando up --data /home/pando/data`.',
  )
}

const LEAST_MEMORY_BYTES = 512 * MIB
const LEAST_AVAILABLE_BYTES = 256 * MIB

/** `totalBytes`: the machine's memory or the container's limit, whichever is less. */
export function judgeMemory({
  totalBytes,
  availableBytes,
}: {
  totalBytes: number
  availableBytes: number
}): Check {
  const found = `${inMib(availableBytes)} available of ${inMib(totalBytes)}`
  const fix =
    'Give the machine or its container more memory, or stop what else runs on it (`ps aux --sort=-rss | head`).'
  if (totalBytes < LEAST_MEMORY_BYTES || availableBytes < LEAST_AVAILABLE_BYTES)
    return warn('memory', `${found}; 512 MiB in all and 256 MiB available keep it from swapping`, fix)
  return ok('memory', found)
}

// Beside the visitors' connections: the program itself, its log, its pool and its control socket.
const OTHER_FILES = 500

/** `limit` of one process; undefined for no limit. `maxConnections` of the topology's `web` block. */
export function judgeOpenFiles(limit: number | undefined, maxConnections: number): Check {
  if (limit === undefined) return ok('open files', 'no limit')
  const needed = maxConnections + OTHER_FILES
  if (limit >= needed) return ok('open files', `${limit} for each process, ${needed} are enough`)
  return warn(
    'open files',
    `${limit} for each process, and web.maxConnections of ${maxConnections} takes ${needed}`,
    `Raise it with \`ulimit -n ${needed}\` (systemd: LimitNOFILE=${needed}), or lower \`web.maxConnections\`.`,
  )
}

const SKEW_MS = 60_000

/** `newestFileMs`: the latest modification time among files that an earlier moment wrote. */
export function judgeClock(nowMs: number, newestFileMs: number): Check {
  const found = `${new Date(nowMs).toISOString().slice(0, 19)}Z`
  if (nowMs + SKEW_MS >= newestFileMs) return ok('clock', found)
  const written = `${new Date(newestFileMs).toISOString().slice(0, 19)}Z`
  return fail(
    'clock',
    `${found}, but files of this application were written at ${written}`,
    'Set the clock: `sudo timedatectl set-ntp true`. Sessions and certificates go by it.',
  )
}

const FULL_BYTES = 64 * MIB

/** `path` is where the data directory is or will be. */
export function judgeDiskSpace(path: string, freeBytes: number): Check {
  const found = `${freeBytes >= GIB ? `${(freeBytes / GIB).toFixed(1)} GiB` : inMib(freeBytes)} free at ${path}`
  const fix = `Free some (\`du -xh ${path} | sort -h | tail\`), or choose another disk with \`--data DIR\`.`
  if (freeBytes < FULL_BYTES) return fail('disk space', `${found}; the database needs 64 MiB to start`, fix)
  if (freeBytes < GIB) return warn('disk space', `${found}; under 1 GiB a burst of writes can fill it`, fix)
  return ok('disk space', found)
}

// statfs(2), linux/magic.h.
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x2fc12fc1: 'zfs',
  0xf2f52010: 'f2fs',
  0x01021994: 'tmpfs',
  0x858458f6: 'ramfs',
  0x794c7630: 'overlay',
  0x6969: 'nfs',
  0x517b: 'smb',
  0xff534d42: 'cifs',
  0xfe534d42: 'smb2',
  0x01021997: '9p',
  0x65735546: 'fuse',
  0x6a656a63: 'virtiofs',
}
const VOLATILE = new Set(['tmpfs', 'ramfs'])
const REMOTE = new Set(['nfs', 'smb', 'cifs', 'smb2', '9p', 'fuse', 'virtiofs'])

/** `type` as statfs gives it on Linux; undefined elsewhere. */
export function judgeFileSystem(path: string, type: number | undefined): Check {
  if (type === undefined) return ok('file system', `unknown at ${path}`)
  const name = FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`
  const found = `${name} at ${path}`
  if (VOLATILE.has(name))
    return warn(
      'file system',
      `${found}: it is gone after a restart of the machine`,
      'Choose a disk with `--data DIR`.',
    )
  if (REMOTE.has(name))
    return warn(
      'file system',
      `${found}: locks and \`fsync\` may not mean there what they mean on a disk`,
      'Choose a local disk with `--data DIR`.',
    )
  if (name === 'overlay')
    return warn(
      'file system',
      `${found}: in a container it is gone with the container`,
      'Mount a volume and choose it with `--data DIR`.',
    )
  return ok('file system', found)
}

/** `problem` is what stands against writing there, as the end of a sentence; undefined for nothing. */
export function judgeDataDir(dataDir: string, exists: boolean, problem: string | undefined): Check {
  if (problem === undefined)
    return ok('data directory', exists ? `${dataDir} is writable` : `${dataDir} can be made`)
  return fail(
    'data directory',
    `${dataDir} ${problem}`,
    `Give it to yourself (\`sudo chown -R $(id -u) ${dataDir}\`), or choose another with \`--data DIR\`.`,
  )
}

function inMib(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`
}
