// What the Conduit mixes know while they run.

import { randomBytes } from 'node:crypto'
import type { Preparation, Random } from 'pando/load'
import { createProse, type Prose } from '../seed/prose.ts'
import {
  createClaims,
  createDisturbances,
  createMade,
  type Claims,
  type Disturbances,
  type Made,
} from './made.ts'
import { createTargets, type Skew, type Targets } from './targets.ts'
import { logInVisitors, sizeOf, type Visitor, type Visitors } from './visitors.ts'

export interface MadeArticle {
  readonly slug: string
  /** No other article has it. */
  readonly title: string
  readonly author: Visitor
}

export interface MadeComment {
  readonly slug: string
  readonly id: number
  /** No other comment has it. */
  readonly text: string
  readonly author: Visitor
}

/** `visitor` favours the article `target`, or follows the person `target`. */
export interface MadeEdge {
  readonly visitor: Visitor
  readonly target: string
}

export interface ConduitState {
  readonly targets: Targets
  readonly visitors: Visitors
  readonly prose: Prose
  readonly claims: Claims
  readonly favoriteWrites: Disturbances
  /** Whether a favourite under way was disturbed, by the key of its write. */
  readonly undisturbed: Map<string, () => boolean>
  readonly made: {
    readonly articles: Made<MadeArticle>
    /** Never among the recent articles, so that no reader is sent to a page that is being deleted. */
    readonly deletableArticles: Made<MadeArticle>
    readonly comments: Made<MadeComment>
    readonly favorites: Made<MadeEdge>
    readonly follows: Made<MadeEdge>
  }
  /** Different in every run, whatever the seed: two runs on one database must not register the same names. */
  readonly runName: string
  /** Whether writes carry an Idempotency-Key. */
  readonly sendsKeys: boolean
  /** 1, 2, 3, … */
  nextNumber(): number
}

const MADE_MAX = 10_000

export type ConduitVariable = 'size' | 'users' | 'keys' | 'skew'

export async function prepareConduit(preparation: Preparation<ConduitVariable>): Promise<ConduitState> {
  const { variables, random } = preparation
  const users = Number(variables.users)
  if (!Number.isInteger(users) || users < 1 || users > 2_000)
    throw new Error(`the variable users is ${variables.users}: expected 1 to 2000`)
  const size = await sizeOf(preparation, variables.size)
  const skew = variables.skew as Skew
  let number = 0
  return {
    targets: createTargets(size, skew),
    visitors: await logInVisitors(preparation, size, users, skew),
    prose: createProse(random.fork('prose')),
    claims: createClaims(),
    favoriteWrites: createDisturbances(),
    undisturbed: new Map(),
    made: {
      articles: createMade(MADE_MAX),
      deletableArticles: createMade(MADE_MAX),
      comments: createMade(MADE_MAX),
      favorites: createMade(MADE_MAX),
      follows: createMade(MADE_MAX),
    },
    runName: randomBytes(4).toString('hex'),
    sendsKeys: variables.keys === 'sent',
    nextNumber: () => ++number,
  }
}

/** A visitor's header for the share of the readers who are logged in, none for the others. */
export function readerHeaders(
  state: ConduitState,
  random: Random,
  loggedInShare: number,
): Readonly<Record<string, string>> {
  return random.next() < loggedInShare ? state.visitors.reader(random).headers : {}
}
