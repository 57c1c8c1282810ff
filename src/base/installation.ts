// One installation is one data directory (`.pando/` by default): engine data, uploads, logs, process records, sockets
// and generated secrets. Everything Pando writes is below it, and nothing in it is readable by other users.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { PlatformError } from './errors.ts'
import { secretToken } from './random.ts'

export interface Installation {
  /** Absolute path of the data directory. */
  readonly dataDir: string
  /** Process records, sockets and member configurations; may be emptied when nothing runs. */
  readonly runDir: string
  /** One file a member. */
  readonly logsDir: string
  readonly secretsDir: string
}

/** The directories of the installation at `dataDir`, made (mode 700) where they are missing. */
export function openInstallation(dataDir: string): Installation {
  const root = resolve(dataDir)
  const installation = {
    dataDir: root,
    runDir: join(root, 'run'),
    logsDir: join(root, 'logs'),
    secretsDir: join(root, 'secrets'),
  }
  // The root may be passed through (711): engines run as their own user and own directories below it.
  makeDirectory(root, 0o711)
  for (const dir of [installation.runDir, installation.logsDir, installation.secretsDir])
    mkdirSync(dir, { recursive: true, mode: 0o700 })
  return installation
}

/**
 * Makes the directory `path` and those above it that are missing. Not `mkdirSync` with `recursive`: where a directory
 * that is there answers ENOENT for one in it, as /proc does, that goes up and down for ever (seen with Node.js 24.21).
 */
function makeDirectory(path: string, mode: number): void {
  try {
    makeOne(path, mode)
  } catch (error) {
    const above = dirname(path)
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === path) throw error
    makeDirectory(above, mode)
    makeOne(path, mode)
  }
}

function makeOne(path: string, mode: number): void {
  try {
    mkdirSync(path, { mode })
  } catch (error) {
    // Some systems say EEXIST, others EROFS or EACCES, of a directory that is there.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

// sockaddr_un has 108 bytes on Linux and 104 on macOS; 24 are left for the socket's own name.
const SOCKET_DIR_MAX_BYTES = 80

/**
 * The directory for the sockets of `part` (`[a-z0-9-]+`), made with mode 700 where it is missing: below the data
 * directory, or below the system's temporary directory when the data directory's path is too long for a socket.
 * @throws BASE_SOCKET_DIRECTORY when somebody else owns the directory in the temporary one.
 */
export function socketDirectory(installation: Installation, part: string): string {
  const below = join(installation.dataDir, part)
  if (Buffer.byteLength(below) <= SOCKET_DIR_MAX_BYTES) {
    mkdirSync(below, { recursive: true, mode: 0o700 })
    return below
  }
  const digest = createHash('sha256').update(installation.dataDir).digest('hex').slice(0, 12)
  const base = join(tmpdir(), `pando-${digest}`)
  mkdirSync(base, { recursive: true, mode: 0o711 })
  const owner = lstatSync(base)
  if (!owner.isDirectory() || owner.uid !== process.geteuid?.())
    throw new PlatformError('BASE_SOCKET_DIRECTORY', { path: base })
  const path = join(base, part)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

/** The number of a rotation may follow. */
const SECRET_NAME = /^[a-z0-9-]+(\.[1-9][0-9]*)?$/

/**
 * The installation's secret called `name` (`[a-z0-9-]+`): 43 characters of base64url, generated on first use, the same
 * for ever after and in every process. Kept in a file of mode 600; never logged and never a process argument.
 */
export function installationSecret(installation: Installation, name: string): string {
  // A path in it would read another secret, or write outside.
  assert(SECRET_NAME.test(name), `${JSON.stringify(name)} is no name of a secret: a-z, 0-9 and - only`)
  const path = join(installation.secretsDir, name)
  const existing = readSecret(path)
  if (existing !== undefined) return existing

  const temporary = `${path}.${process.pid}.${secretToken(6)}`
  const descriptor = openSync(temporary, 'wx', 0o600)
  try {
    writeSync(descriptor, secretToken())
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  try {
    // A link and not a rename: of two processes that come here at once, the second must take the first one's secret.
    linkSync(temporary, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(temporary)
  }
  return readSecret(path)!
}

/** A secret with its history: one signs, all of them verify. */
export interface RotatedSecret {
  /** Changes with every rotation; may be shown. */
  readonly id: string
  readonly secret: string
}

const MAX_ROTATED = 8

/**
 * The installation's secret `name` and those it replaced, at most 8: first the one that signs, then the others, newest
 * first. Running processes read it when they start, so a change takes effect at each process's next start.
 */
export function installationSecrets(installation: Installation, name: string): readonly RotatedSecret[] {
  const generations = generationsOf(installation, name)
  const signing = signingOf(installation, name, generations)
  return [signing, ...generations.filter((generation) => generation !== signing)]
    .slice(0, MAX_ROTATED)
    .map((generation) => ({
      id: String(generation),
      secret: installationSecret(installation, generation === 1 ? name : `${name}.${generation}`),
    }))
}

/**
 * Adds a new secret `name` that verifies and does not sign yet, and returns its id: every process has to know it before
 * the first one signs with it. Until `promoteSecret` a further call gives the same one.
 */
export function announceSecret(installation: Installation, name: string): string {
  // The first one has to be there before it can be the one that signs.
  installationSecrets(installation, name)
  const generations = generationsOf(installation, name)
  const newest = generations[0]!
  if (signingOf(installation, name, generations) !== newest) return String(newest)
  // In this order: a crash in between leaves the newest one signing, as it did.
  writeSigning(installation, name, newest)
  installationSecret(installation, `${name}.${newest + 1}`)
  return String(newest + 1)
}

/** Lets the newest secret `name` sign from each process's next start on, and returns its id. */
export function promoteSecret(installation: Installation, name: string): string {
  const newest = generationsOf(installation, name)[0]!
  writeSigning(installation, name, newest)
  return String(newest)
}

/** Newest first; the first one exists as soon as it is asked for. */
function generationsOf(installation: Installation, name: string): readonly number[] {
  const generations = readdirSync(installation.secretsDir)
    .map((file) => (file === name ? 1 : generationOf(file, name)))
    .filter((generation) => generation !== undefined)
    .toSorted((a, b) => b - a)
  return generations.length > 0 ? generations : [1]
}

/** What `NAME.signs` says, else the newest. */
function signingOf(installation: Installation, name: string, generations: readonly number[]): number {
  const written = Number(readSecret(signingFile(installation, name)) ?? Number.NaN)
  return generations.includes(written) ? written : generations[0]!
}

function writeSigning(installation: Installation, name: string, generation: number): void {
  const path = signingFile(installation, name)
  const temporary = `${path}.${secretToken(6)}`
  const descriptor = openSync(temporary, 'wx', 0o600)
  try {
    writeSync(descriptor, String(generation))
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, path)
}

function signingFile(installation: Installation, name: string): string {
  assert(SECRET_NAME.test(name), `${JSON.stringify(name)} is no name of a secret: a-z, 0-9 and - only`)
  return join(installation.secretsDir, `${name}.signs`)
}

function generationOf(file: string, name: string): number | undefined {
  const suffix = file.startsWith(`${name}.`) ? file.slice(name.length + 1) : ''
  return /^[1-9][0-9]{0,8}$/.test(suffix) ? Number(suffix) : undefined
}

function readSecret(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
