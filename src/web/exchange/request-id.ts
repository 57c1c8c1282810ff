// Request ids: taken over from the caller when well formed, else made here.

import { secretToken } from '../../base/random.ts'

const WELL_FORMED = /^[\w.:-]{1,64}$/

// An id has to be unique, not unguessable, and it is made for every request: a random prefix for the process and a
// counter cost a twentieth of random bytes for each.
const prefix = `${secretToken(9)}-`
let counter = 0

/** An id that no other process and no other request has: `kX3v9fQzP0aB-1f`. */
export function newRequestId(): string {
  counter++
  return prefix + counter.toString(36)
}

/** `sent` when it is 1 to 64 characters of `[\w.:-]`, else a new id. */
export function requestIdFrom(sent: unknown): string {
  return typeof sent === 'string' && WELL_FORMED.test(sent) ? sent : newRequestId()
}
