// Latencies are kept in a log-linear histogram: constant memory whatever the number of requests, and a known error. The
// layout is that of HdrHistogram (Gil Tene, hdrhistogram.org): exact below 2^(b+1), then 2^b equal buckets for every
// doubling, so a bucket is at most 1/2^b of its lower edge wide. With b = 7 a quantile is never below the true value
// and at most 0.79 % above it. The maximum, the count and the sum are exact.

const PRECISION_BITS = 7
const BUCKETS_PER_DOUBLING = 2 ** PRECISION_BITS
const EXACT_BELOW = 2 * BUCKETS_PER_DOUBLING
const LARGEST_EXPONENT = 35
const BUCKETS = (LARGEST_EXPONENT - PRECISION_BITS + 2) * BUCKETS_PER_DOUBLING

/** The largest value kept apart: 2^36 - 1 microseconds, 19 hours. Larger ones count as this one. */
export const LARGEST_VALUE: number = 2 ** (LARGEST_EXPONENT + 1) - 1

/** How much larger than the true value a quantile may be, as a share of it. */
export const RELATIVE_ERROR: number = 1 / BUCKETS_PER_DOUBLING

export interface Histogram {
  /** Adds one value: microseconds, rounded to a whole number, at least 0. */
  record(value: number): void
  /**
   * The smallest kept value that at least the share `quantile` (0 to 1) of all values does not exceed; 0 when empty.
   * See the top of the file for its error; quantile 1 is the exact maximum.
   */
  quantile(quantile: number): number
  /** Adds all values of `other`. */
  add(other: Histogram): void
  readonly count: number
  readonly max: number
  readonly mean: number
  /** Number of values in each bucket, in ascending order. */
  readonly counts: Float64Array
  readonly sum: number
}

export function createHistogram(): Histogram {
  const counts = new Float64Array(BUCKETS)
  let count = 0
  let sum = 0
  let max = 0
  return {
    counts,
    get count() {
      return count
    },
    get sum() {
      return sum
    },
    get max() {
      return max
    },
    get mean() {
      return count === 0 ? 0 : sum / count
    },
    record(value) {
      const whole = Math.min(Math.max(0, Math.round(value)), LARGEST_VALUE)
      counts[bucketOf(whole)]!++
      count++
      sum += whole
      if (whole > max) max = whole
    },
    quantile(quantile) {
      const rank = Math.max(1, Math.ceil(quantile * count))
      let seen = 0
      for (let bucket = 0; bucket < BUCKETS && seen < count; bucket++) {
        seen += counts[bucket]!
        if (seen >= rank) return Math.min(upperEdgeOf(bucket), max)
      }
      return 0
    },
    add(other) {
      for (let bucket = 0; bucket < BUCKETS; bucket++) counts[bucket]! += other.counts[bucket]!
      count += other.count
      sum += other.sum
      max = Math.max(max, other.max)
    },
  }
}

function bucketOf(value: number): number {
  if (value < EXACT_BELOW) return value
  // Math.log2 of an integer just below a power of two may round up; clz32 of the upper part cannot.
  const exponent = value < 2 ** 31 ? 31 - Math.clz32(value) : 62 - Math.clz32(Math.floor(value / 2 ** 31))
  const shift = exponent - PRECISION_BITS
  return shift * BUCKETS_PER_DOUBLING + Math.floor(value / 2 ** shift)
}

function upperEdgeOf(bucket: number): number {
  if (bucket < EXACT_BELOW) return bucket
  const shift = Math.floor(bucket / BUCKETS_PER_DOUBLING) - 1
  const mantissa = bucket - shift * BUCKETS_PER_DOUBLING
  return (mantissa + 1) * 2 ** shift - 1
}
