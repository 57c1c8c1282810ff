// The rows of each kind, batch by batch, as columns for `unnest`, and the statement that inserts them. A row is a pure
// function of the plan and of its number; `base` shifts the numbers to identities that were free when seeding began.

import type { Random } from 'pando/load'
import { drawLogNormal } from './distributions.ts'
import { emailOf, slugOf, tagOf, titleOf, usernameOf } from './names.ts'
import type { Plan } from './plan.ts'

export interface Bases {
  /** User number n has the identity users + n + 1, and so on. */
  readonly users: number
  readonly articles: number
  readonly comments: number
}

export interface Kind {
  readonly name: string
  /** Things (users, articles) that one batch covers. */
  readonly batchThings: number
  things(plan: Plan): number
  /** Rows in all, for the progress. */
  rows(plan: Plan): number
  readonly statement: string
  /** One array for each parameter of the statement; arrays of equal length. */
  columns(plan: Plan, bases: Bases, batch: number, from: number, to: number): unknown[][]
}

// Times are fixed, for two seedings must be equal: articles over two years, the newest just before this moment.
const NEWEST_MS = Date.UTC(2026, 10, 1)
const SPAN_MS = 2 * 365 * 24 * 3_600_000
const WEEK_MS = 7 * 24 * 3_600_000
const DESCRIPTION_CHARACTERS = 120
const COMMENT_CHARACTERS = 200
/** Median 2.5 KB and mean 4 KB: sigma² = 2 ln 1.6; at most 64 KB. */
const BODY = { median: 2_500, sigma: Math.sqrt(2 * Math.log(1.6)), max: 65_536, min: 40 }

function createdMs(article: number, articles: number): number {
  return Math.round(NEWEST_MS - SPAN_MS + ((article + 1) / articles) * SPAN_MS)
}

const users: Kind = {
  name: 'users',
  batchThings: 2_000,
  things: ({ size }) => size.users,
  rows: ({ size }) => size.users,
  statement: `insert into users (id, username, email, password_hash, bio, articles_count, created_at)
    select id, username, email, (select password_hash from seed.run), bio, articles_count, created_at
    from unnest($1::integer[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[])
      as row(id, username, email, bio, articles_count, created_at)`,
  columns(plan, bases, batch, from, to) {
    const random = plan.randomOf('users', batch)
    return columnsOf(range(from, to), (user) => [
      bases.users + user + 1,
      usernameOf(user),
      emailOf(user),
      random.integer(2) === 0 ? plan.prose.line(random, DESCRIPTION_CHARACTERS) : null,
      plan.articlesOfUser[user],
      new Date(NEWEST_MS - SPAN_MS - WEEK_MS),
    ])
  },
}

const articles: Kind = {
  name: 'articles',
  batchThings: 500,
  things: ({ size }) => size.articles,
  rows: ({ size }) => size.articles,
  statement: `insert into articles
      (id, slug, author_id, title, description, body, tag_list, favorites_count, created_at, updated_at)
    select id, slug, author_id, title, description, body, string_to_array(tags, ','), favorites_count, at, at
    from unnest($1::integer[], $2::text[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::text[],
        $8::integer[], $9::timestamptz[])
      as row(id, slug, author_id, title, description, body, tags, favorites_count, at)`,
  columns(plan, bases, batch, from, to) {
    const random = plan.randomOf('articles', batch)
    const { prose } = plan
    return columnsOf(range(from, to), (article) => [
      bases.articles + article + 1,
      slugOf(article),
      bases.users + plan.authors[article]! + 1,
      titleOf(article),
      prose.line(random, DESCRIPTION_CHARACTERS),
      prose.body(random, bodyCharacters(random)),
      plan
        .tags(random)
        .map((tag) => tagOf(tag))
        .join(','),
      plan.favoritesOfArticle[article],
      new Date(createdMs(article, plan.size.articles)),
    ])
  },
}

function bodyCharacters(random: Random): number {
  const drawn = drawLogNormal(BODY.median, BODY.sigma, random)
  return Math.round(Math.max(BODY.min, Math.min(BODY.max, drawn)))
}

const comments: Kind = {
  name: 'comments',
  batchThings: 1_000,
  things: ({ size }) => size.articles,
  rows: ({ size }) => size.comments,
  statement: `insert into comments (id, article_id, author_id, body, created_at, updated_at)
    select id, article_id, author_id, body, at, at
    from unnest($1::bigint[], $2::integer[], $3::integer[], $4::text[], $5::timestamptz[])
      as row(id, article_id, author_id, body, at)`,
  columns(plan, bases, batch, from, to) {
    const random = plan.randomOf('comments', batch)
    return columnsOf(expand(plan.commentsOfArticle, from, to), ([article, index]) => {
      const share = (index + random.next()) / plan.commentsOfArticle[article]!
      const at = Math.min(NEWEST_MS, createdMs(article, plan.size.articles) + share * WEEK_MS)
      return [
        bases.comments + plan.commentStarts[article]! + index + 1,
        bases.articles + article + 1,
        bases.users + plan.commenter(random) + 1,
        plan.prose.line(random, COMMENT_CHARACTERS),
        new Date(at),
      ]
    })
  },
}

const favorites: Kind = {
  name: 'favorites',
  batchThings: 2_000,
  things: ({ size }) => size.articles,
  rows: ({ size }) => size.favorites,
  statement: `insert into favorites (article_id, user_id) select * from unnest($1::integer[], $2::integer[])`,
  columns(plan, bases, batch, from, to) {
    const random = plan.randomOf('favorites', batch)
    const pairs = range(from, to).flatMap((article) =>
      plan.voters(random, plan.favoritesOfArticle[article]!).map((user) => [article, user] as const),
    )
    return columnsOf(pairs, ([article, user]) => [bases.articles + article + 1, bases.users + user + 1])
  },
}

const follows: Kind = {
  name: 'follows',
  batchThings: 1_000,
  things: ({ size }) => size.users,
  rows: ({ size }) => size.follows,
  statement: `insert into follows (follower_id, followee_id) select * from unnest($1::integer[], $2::integer[])`,
  columns(plan, bases, batch, from, to) {
    const random = plan.randomOf('follows', batch)
    const pairs = range(from, to).flatMap((user) =>
      plan.followed(random, user, plan.followingOfUser[user]!).map((followed) => [user, followed] as const),
    )
    return columnsOf(pairs, ([user, followed]) => [bases.users + user + 1, bases.users + followed + 1])
  },
}

/** In the order in which they must be complete: what a kind refers to comes before it. */
export const KINDS: readonly Kind[] = [users, articles, comments, favorites, follows]

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index)
}

/** [thing, 0], [thing, 1], … as often as `counts` says. */
function expand(counts: Uint32Array, from: number, to: number): (readonly [number, number])[] {
  return range(from, to).flatMap((thing) => range(0, counts[thing]!).map((index) => [thing, index] as const))
}

function columnsOf<Thing>(things: readonly Thing[], row: (thing: Thing) => readonly unknown[]): unknown[][] {
  const columns: unknown[][] = []
  for (const thing of things)
    for (const [index, value] of row(thing).entries()) (columns[index] ??= []).push(value)
  return columns
}
