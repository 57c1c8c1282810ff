// Randomness enters Pando only here. What needs to be repeatable (load, jitter, fault tests) takes a `Random` made
// from a seed that is printed; what needs to be unguessable (ids, keys) uses `secretToken`.

import { randomBytes } from 'node:crypto'

export interface Random {
  /** A float in [0, 1) with 32 random bits. */
  next(): number
  /** An integer in [0, below). `below` is at most 2^32. */
  integer(below: number): number
  /** An independent generator whose sequence depends on this one's seed and on `name` only. */
  fork(name: string): Random
}

/** SplitMix32-seeded sfc32 (Chris Doty-Humphrey's PractRand): the same seed gives the same sequence everywhere. */
export function seededRandom(seed: number | string): Random {
  const text = String(seed)
  let mix = 0x9e3779b9
  for (const character of text) mix = Math.imul(mix ^ character.codePointAt(0)!, 0x85ebca6b) ^ (mix >>> 13)
  const split = (): number => {
    mix = (mix + 0x9e3779b9) | 0
    let z = mix
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
    return (z ^ (z >>> 15)) | 0
  }
  let a = split()
  let b = split()
  let c = split()
  let counter = split()

  const next = (): number => {
    const result = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + result) | 0
    return (result >>> 0) / 4_294_967_296
  }
  return {
    next,
    integer: (below) => Math.floor(next() * below),
    fork: (name) => seededRandom(`${text}/${name}`),
  }
}

/** A seed to print and to repeat a run with: an integer in [0, 2^32). */
export function freshSeed(): number {
  return randomBytes(4).readUInt32LE()
}

/** `bytes` (default 32) unguessable bytes as base64url text, for ids, keys and passwords. */
export function secretToken(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}
