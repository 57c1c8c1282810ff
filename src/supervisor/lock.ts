// One supervisor and one watchdog an installation. On Linux a lock is an abstract Unix socket (unix(7)): the kernel
// gives the name to one process and takes it back the moment that process is dead, so there is no stale lock and no
// race to break one. Elsewhere it is a numbered file naming a process; see `lockByFile`.
//
// Not covered: two containers with network namespaces of their own that share one data directory.

import { createHash } from 'node:crypto'
import { linkSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { installationSecret, type Installation } from '../base/installation.ts'
import { identify, isRunning, type ProcessIdentity } from '../base/process.ts'
import { secretToken } from '../base/random.ts'
import { readJson, writeJson, type Role } from './records.ts'

type Holder = ProcessIdentity & { readonly released?: boolean }

export interface Lock {
  /** Gives the role up; the death of the process does too. May be called twice. */
  release(): Promise<void>
}

/** The lock of `role`, or undefined when a living process has it. */
export function acquireLock(installation: Installation, role: Role): Promise<Lock | undefined> {
  return process.platform === 'linux' ? lockBySocket(installation, role) : lockByFile(installation, role)
}

/** See the opening comment. The name holds a secret of the installation, so that no other user can take it first. */
export function lockBySocket(installation: Installation, role: Role): Promise<Lock | undefined> {
  const name = createHash('sha256')
    .update(`${installationSecret(installation, 'lock')} ${installation.dataDir} ${role}`)
    .digest('hex')
  const { promise, resolve, reject } = Promise.withResolvers<Lock | undefined>()
  const server = createServer((connection) => connection.destroy())
  server.once('error', (error: NodeJS.ErrnoException) =>
    error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
  )
  server.listen(`\0pando-${name.slice(0, 40)}`, () => {
    server.unref()
    resolve({
      release: () => new Promise((released) => void server.close(() => released())),
    })
  })
  return promise
}

/**
 * The holder is whoever the file with the highest number names, if it still runs. A lock is taken by linking the next
 * number, which only one process can do, and only files below the highest are ever removed: so a process that was
 * delayed between its look and its link finds a higher number afterwards and knows that it came too late.
 */
export function lockByFile(installation: Installation, role: Role): Promise<Lock | undefined> {
  const dir = installation.runDir
  const own = identify(process.pid)!
  const numbers = (): readonly number[] =>
    readdirSync(dir)
      .filter((file) => file.startsWith(`${role}.lock.`) && /\.lock\.\d+$/.test(file))
      .map((file) => Number(file.slice(role.length + 6)))
      .sort((a, b) => b - a)
  const path = (number: number): string => join(dir, `${role}.lock.${number}`)

  const highest = numbers()[0] ?? 0
  const holder = highest === 0 ? undefined : (readJson(path(highest)) as Holder | undefined)
  if (holder !== undefined && holder.released !== true && isRunning(holder)) return Promise.resolve(undefined)

  const taken = highest + 1
  const temporary = join(dir, `${role}.${secretToken(6)}.tmp`)
  writeJson(temporary, own)
  try {
    linkSync(temporary, path(taken))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return Promise.resolve(undefined)
    throw error
  } finally {
    rmSync(temporary)
  }
  if (numbers()[0] !== taken) {
    rmSync(path(taken), { force: true })
    return Promise.resolve(undefined)
  }
  for (const number of numbers()) if (number < taken) rmSync(path(number), { force: true })
  return Promise.resolve({
    // eslint-disable-next-line require-await
    release: async () => writeJson(path(taken), { ...own, released: true }),
  })
}
