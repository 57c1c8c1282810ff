// Files of the server belong to its account, also when the account changes between two starts.

import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Account } from './account.ts'

export function own(path: string, account: Account): void {
  if (account.owner) chownSync(path, account.owner.uid, account.owner.gid)
}

/** Makes the directory if it is missing and gives it to the account, with all that is in it, mode 700. */
export function ownDirectory(path: string, account: Account): void {
  mkdirSync(path, { recursive: true, mode: 0o700 })
  chmodSync(path, 0o700)
  if (!account.owner) return
  const { uid, gid } = account.owner
  // The root goes last: after an interruption its old owner makes the next start do the rest.
  if (lstatSync(path).uid === uid) return
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' }))
    lchownSync(join(path, entry), uid, gid)
  lchownSync(path, uid, gid)
}

/** Replaces the file as a whole, mode 600, so that a crash leaves the old content or the new one. */
export function writeDurably(path: string, content: string, account: Account): void {
  const temporary = `${path}.${process.pid}.new`
  const descriptor = openSync(temporary, 'w', 0o600)
  try {
    writeSync(descriptor, content)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  own(temporary, account)
  renameSync(temporary, path)
}

/** Makes a rename in the directory survive the loss of power. */
export function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
