// The three sizes of a seeded Conduit. M is lobste.rs of 2018 at scale 1, L ten times that, S what the published
// RealWorld load tests use.

export interface Size {
  readonly users: number
  readonly articles: number
  readonly comments: number
  readonly favorites: number
  readonly follows: number
  readonly tags: number
}

export type SizeName = 'S' | 'M' | 'L'

export const SIZES: Readonly<Record<SizeName, Size>> = {
  S: { users: 50, articles: 500, comments: 5_000, favorites: 2_500, follows: 500, tags: 50 },
  M: { users: 9_000, articles: 40_000, comments: 280_000, favorites: 570_000, follows: 225_000, tags: 2_000 },
  L: {
    users: 90_000,
    articles: 400_000,
    comments: 2_800_000,
    favorites: 5_700_000,
    follows: 2_250_000,
    tags: 10_000,
  },
}

export const SIZE_NAMES = Object.keys(SIZES) as readonly SizeName[]
