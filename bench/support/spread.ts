// How figures of several rounds are summed up.

export const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.round((values.length - 1) * q)]!

export const rounded = (value: number): number => Math.round(value * 1_000) / 1_000

export interface Spread {
  readonly median: number
  readonly quarter: number
  readonly threeQuarters: number
}

export const spread = (values: readonly number[]): Spread => ({
  median: rounded(quantile(values, 0.5)),
  quarter: rounded(quantile(values, 0.25)),
  threeQuarters: rounded(quantile(values, 0.75)),
})
