// Everything that is drawn for the whole database at once, from the seed alone: who wrote which article, how many
// comments and favourites it has, how many people somebody follows. The rows are drawn batch by batch (rows.ts), each
// batch from its own random source, so they are the same in any order and after any number of interruptions.

import { permutation, seededRandom, zipf, type Random, type RankSampler } from 'pando/load'
import {
  COMMENTS_OF_ARTICLE,
  drawBanded,
  drawCounts,
  drawDistinct,
  drawLogNormal,
  FAVORITES_OF_ARTICLE,
  startsOf,
} from './distributions.ts'
import { createProse, type Prose } from './prose.ts'
import type { Size } from './sizes.ts'

/** People follow a median of 10 and a mean of 25: sigma² = 2 ln 2.5. */
const FOLLOWING = { median: 10, sigma: Math.sqrt(2 * Math.log(2.5)), max: 500 }
/** Zipf exponents: writers (LinkBench's edge writes), followed accounts (the first is a celebrity), tags. */
const WRITERS_EXPONENT = 0.75
const FOLLOWED_EXPONENT = 0.8
const TAGS_EXPONENT = 0.9

export interface Plan {
  readonly size: Size
  /** Number of the author of each article. */
  readonly authors: Uint32Array
  readonly articlesOfUser: Uint32Array
  readonly commentsOfArticle: Uint32Array
  /** How many comments all earlier articles have. */
  readonly commentStarts: Float64Array
  readonly favoritesOfArticle: Uint32Array
  readonly followingOfUser: Uint32Array
  readonly prose: Prose
  /** The random source of one batch. */
  randomOf(kind: string, batch: number): Random
  /** Different users who favour an article. */
  voters(random: Random, count: number): number[]
  commenter(random: Random): number
  /** Different people whom `follower` follows, never themselves. */
  followed(random: Random, follower: number, count: number): number[]
  /** One to four different tags, most used first in rank but in drawn order. */
  tags(random: Random): number[]
}

export function makePlan(size: Size, seed: string): Plan {
  const source = (name: string): Random => seededRandom(`conduit/${seed}/${name}`)
  const people = (name: string, exponent: number): RankSampler => {
    const rank = zipf(size.users, exponent)
    const personOf = permutation(size.users, `${seed}/${name}`)
    return (random) => personOf(rank(random))
  }
  const author = people('authors', WRITERS_EXPONENT)
  const voter = people('voters', WRITERS_EXPONENT)
  const commenter = people('commenters', WRITERS_EXPONENT)
  const followed = people('followed', FOLLOWED_EXPONENT)
  const tag = zipf(size.tags, TAGS_EXPONENT)

  const authoring = source('authors')
  const authors = Uint32Array.from({ length: size.articles }, () => author(authoring))
  const articlesOfUser = new Uint32Array(size.users)
  for (const user of authors) articlesOfUser[user]!++
  const commentsOfArticle = drawCounts(size.articles, size.comments, 170, source('comments'), (random) =>
    drawBanded(COMMENTS_OF_ARTICLE, random),
  )
  return {
    size,
    authors,
    articlesOfUser,
    commentsOfArticle,
    commentStarts: startsOf(commentsOfArticle),
    favoritesOfArticle: drawCounts(
      size.articles,
      size.favorites,
      Math.min(300, size.users),
      source('favorites'),
      (random) => drawBanded(FAVORITES_OF_ARTICLE, random),
    ),
    followingOfUser: drawCounts(
      size.users,
      size.follows,
      Math.min(FOLLOWING.max, size.users - 1),
      source('follows'),
      (random) => drawLogNormal(FOLLOWING.median, FOLLOWING.sigma, random),
    ),
    prose: createProse(source('prose')),
    randomOf: (kind, batch) => source(`${kind}/${batch}`),
    voters: (random, count) => drawDistinct(count, size.users, random, voter),
    commenter,
    followed: (random, follower, count) =>
      drawDistinct(count + 1, size.users, random, followed)
        .filter((user) => user !== follower)
        .slice(0, count),
    tags: (random) => drawDistinct(1 + random.integer(4), size.tags, random, tag),
  }
}
