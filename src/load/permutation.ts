// A fixed order at random without a table: rank 0 of a Zipf draw must not always be the oldest row, and readers and
// writers need different favourites among the same things (TAOBench, VLDB 2022). A Feistel network over the smallest
// even number of bits is a bijection of its power of two; walking its cycle until the value is below n makes it one of
// [0, n) (Black and Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002). It hides nothing: not for secrets.

import { strict as assert } from 'node:assert'
import { seededRandom } from '../base/random.ts'

const ROUNDS = 4

/**
 * A bijection of 0 … n - 1, the same for the same seed in every process.
 * @param n at least 1 and at most 2^30.
 */
export function permutation(n: number, seed: number | string): (index: number) => number {
  assert(Number.isInteger(n) && n >= 1 && n <= 2 ** 30, `permutation: n is ${n}`)
  const random = seededRandom(`permutation/${seed}`)
  const keys = Array.from({ length: ROUNDS }, () => random.integer(2 ** 32))
  const halfBits = Math.max(1, Math.ceil(Math.ceil(Math.log2(n)) / 2))
  const mask = 2 ** halfBits - 1

  const encrypt = (value: number): number => {
    let left = value >>> halfBits
    let right = value & mask
    for (const key of keys) {
      const mixed = left ^ (mix(right ^ key) & mask)
      left = right
      right = mixed
    }
    return ((left << halfBits) | right) >>> 0
  }
  return (index) => {
    assert(Number.isInteger(index) && index >= 0 && index < n, `permutation: ${index} is not below ${n}`)
    let value = encrypt(index)
    // The domain is below 4n, so this takes under four steps on average.
    while (value >= n) value = encrypt(value)
    return value
  }
}

/** The finaliser of MurmurHash3 (Austin Appleby, public domain). */
function mix(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
