// Password hashes: scrypt (RFC 7914) on Node's thread pool, never on the event loop. The parameters stand in the hash
// (PHC string format), so they can be raised later and old hashes go on working until their owner's next login.

import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { createSemaphore } from './semaphore.ts'

interface Cost {
  /** Binary logarithm of scrypt's N. */
  readonly ln: number
  readonly r: number
  readonly p: number
}

/**
 * One of the equivalent settings of the OWASP Password Storage Cheat Sheet (N = 2^14, r = 8, p = 5): 16 MiB of memory
 * and 0.1 to 0.2 seconds of one core each. The others want up to 128 MiB, too much for a small server's login storm.
 */
const COST: Cost = { ln: 14, r: 8, p: 5 }
const SALT_BYTES = 16
const HASH_BYTES = 32

/** Node's pool has four threads, which file access and name lookups need too. */
const CONCURRENT = 2
/** About ten seconds of work; whoever comes after that is told to come back. */
const MAX_WAITING = 100

export interface Passwords {
  /** `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`, both base64 without padding. @throws Busy */
  hash(password: string): Promise<string>
  /**
   * Whether `password` has this hash. Without a hash the answer is no, after the same work, so that the time taken does
   * not tell whether there is such a user.
   * @throws Busy
   */
  verify(password: string, hash: string | undefined): Promise<boolean>
  /** Whether the hash was made with less work than a new one would be. */
  isWeak(hash: string): boolean
}

export function createPasswords(): Passwords {
  const semaphore = createSemaphore(CONCURRENT, MAX_WAITING)
  const nobody = format(COST, randomBytes(SALT_BYTES), randomBytes(HASH_BYTES))
  return {
    hash: (password) => semaphore.run(() => hashPassword(password)),
    verify: (password, hash) =>
      semaphore.run(async () => {
        const { cost, salt, key } = parse(hash) ?? parse(nobody)!
        const equal = timingSafeEqual(await derive(password, salt, cost), key)
        return equal && hash !== undefined
      }),
    isWeak: (hash) => {
      const cost = parse(hash)?.cost
      return cost === undefined || work(cost) < work(COST)
    },
  }
}

/** A new hash, without waiting for a turn. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  return format(COST, salt, await derive(password, salt, COST))
}

const work = ({ ln, r, p }: Cost): number => 2 ** ln * r * p

function derive(password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> {
  const options = { N: 2 ** ln, r, p, maxmem: 2 ** ln * r * 256 }
  return new Promise((resolve, reject) => {
    // One normal form, because keyboards and systems differ in how they compose a letter (NIST SP 800-63B §3.1.1.2).
    scrypt(password.normalize('NFKC'), salt, HASH_BYTES, options, (error, key) => {
      if (error === null) resolve(key)
      else reject(error)
    })
  })
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')

function format({ ln, r, p }: Cost, salt: Buffer, key: Buffer): string {
  return `$scrypt$ln=${ln},r=${r},p=${p}$${base64(salt)}$${base64(key)}`
}

const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]{43})$/

function parse(hash: string | undefined): { cost: Cost; salt: Buffer; key: Buffer } | undefined {
  const found = PHC.exec(hash ?? '')
  if (found === null) return undefined
  const [, ln, r, p, salt, key] = found
  return {
    cost: { ln: Number(ln), r: Number(r), p: Number(p) },
    salt: Buffer.from(salt!, 'base64'),
    key: Buffer.from(key!, 'base64'),
  }
}
