// Whom and what the visitors of the Conduit mixes ask for: the skews, the pool of people who are logged in, and what
// this run made. The exponents decide every cache's hit rate, so they are named here once and belong to every result.
//
// Article reads: 70 % by recency rank (Zipf 0.9 over newest first: TAO's creation-time locality, YCSB D), 30 % by a fixed
// order at random (Zipf 0.8: LinkBench). Profiles, author and tag filters: Zipf 0.8. Writers: Zipf 0.75 over an order of
// their own (TAOBench). Deletions: evenly, only of what the run made. Offsets: 80 % zero, the rest geometric pages.

import { geometric, permutation, zipf, type Random, type RankSampler } from 'pando/load'
import { slugOf, tagOf, usernameOf } from '../seed/names.ts'
import type { Size } from '../seed/sizes.ts'

/** `--var skew=`: the exponents as documented, none, or those of YCSB's default. */
export type Skew = 'default' | 'uniform' | '0.99'

export const EXPONENTS: Readonly<
  Record<
    Skew,
    { readonly recent: number; readonly popular: number; readonly people: number; readonly writers: number }
  >
> = {
  default: { recent: 0.9, popular: 0.8, people: 0.8, writers: 0.75 },
  uniform: { recent: 0, popular: 0, people: 0, writers: 0 },
  '0.99': { recent: 0.99, popular: 0.99, people: 0.99, writers: 0.99 },
}

const RECENT_SHARE = 0.7
const FIRST_PAGE_SHARE = 0.8
const PAGE = 20
/** Pages after the first: 1, 2, … with this mean, and never deep ones alone. */
const FURTHER_PAGES_MEAN = 2
const FURTHER_PAGES_MAX = 20

export interface Targets {
  /** Slug of an article to read. */
  readArticle(random: Random): string
  /** Slug of a seeded article to write to: popular articles, but not those that are read most. */
  writeArticle(random: Random): string
  /** Name of a person whose profile or lists are looked at. */
  person(random: Random): string
  tag(random: Random): string
  /** `limit=20&offset=…` */
  page(random: Random): string
  /** Puts an article at the top of the recent ones. Keeps the newest `RECENT_MADE_MAX`. */
  published(slug: string): void
  /** Takes an article out of the recent ones. */
  deleted(slug: string): void
}

const RECENT_MADE_MAX = 1_000

export function createTargets(size: Size, skew: Skew): Targets {
  const exponents = EXPONENTS[skew]
  const recent = zipf(size.articles, exponents.recent)
  const popular = through('popular', size.articles, exponents.popular)
  const written = through('written', size.articles, exponents.writers)
  const people = through('people', size.users, exponents.people)
  const tags = zipf(size.tags, exponents.people)
  const furtherPages = geometric(FURTHER_PAGES_MEAN)
  /** Newest first. */
  const made: string[] = []
  return {
    readArticle(random) {
      if (random.next() >= RECENT_SHARE) return slugOf(popular(random))
      const rank = recent(random)
      return made[rank] ?? slugOf(Math.max(0, size.articles - 1 - (rank - made.length)))
    },
    writeArticle: (random) => slugOf(written(random)),
    person: (random) => usernameOf(people(random)),
    tag: (random) => tagOf(tags(random)),
    page(random) {
      const pages =
        random.next() < FIRST_PAGE_SHARE ? 0 : Math.min(FURTHER_PAGES_MAX, 1 + furtherPages(random))
      return `limit=${PAGE}&offset=${PAGE * pages}`
    },
    published(slug) {
      made.unshift(slug)
      if (made.length > RECENT_MADE_MAX) made.pop()
    },
    deleted(slug) {
      const at = made.indexOf(slug)
      if (at >= 0) made.splice(at, 1)
    },
  }
}

function through(name: string, n: number, exponent: number): RankSampler {
  const rank = zipf(n, exponent)
  const thingOf = permutation(n, name)
  return (random) => thingOf(rank(random))
}

/** Numbers of the people who write, the most active first. */
export function writersOf(size: Size, count: number): number[] {
  const personOf = permutation(size.users, 'writers')
  return Array.from({ length: Math.min(count, size.users) }, (_, rank) => personOf(rank))
}
