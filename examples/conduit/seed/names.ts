// What the seeded people, articles and tags are called: a function of their number alone, so that the load mixes can
// address everything without asking the server. A smaller size is a prefix of a larger one.

/** Of every seeded user. The users are for load tests: never seed a site that is open to the public. */
export const SEED_PASSWORD = 'pando-seeded'

const FIRST =
  'ada alan barbara claude dana donald edsger elif frances grace hedy ivan jean john joan kathleen ken lena leslie linus lynn margaret maria niklaus noor olga radia rosa sam sofia tim tony vint wei yara'.split(
    ' ',
  )
const LAST =
  'aspen alder ash beech birch cedar cypress elm fir hazel hickory juniper larch laurel linden maple myrtle oak olive pine poplar rowan spruce sycamore willow yew'.split(
    ' ',
  )
const WORDS =
  'balancer cache replica queue schema index commit socket thread stream kernel compiler parser packet router latency throughput quorum lease ledger journal snapshot backup restore deploy rollback metric trace logbook session cookie token browser server client edge origin purge bucket shard region cluster primary standby failover heartbeat timeout retry backoff jitter batch worker cron event topic broker inbox outbox saga monad closure iterator generator promise future actor mailbox semaphore mutex barrier fence atomic vector clock epoch checkpoint vacuum planner cursor trigger view column row page block extent heap stack frame register pipeline branch merge release canary flag rollout probe gauge histogram quantile budget alert pager runbook cookbook mesh mirror tenant quota throttle shadow digest keyset bitmap'.split(
    ' ',
  )
const TITLES =
  'How we measured|Why|Notes on|The trouble with|A field guide to|Rethinking|In praise of|Debugging|What nobody tells you about|Ten years of|The quiet life of|Understanding'.split(
    '|',
  )

/** Lower-case, unique: `grace-linden-17`. */
export function usernameOf(user: number): string {
  const mixed = scramble(user)
  return `${FIRST[mixed % FIRST.length]!}-${LAST[(mixed >>> 8) % LAST.length]!}-${user}`
}

export function emailOf(user: number): string {
  return `${usernameOf(user)}@conduit.example`
}

/** Tag 0 is the most used: `balancer`; from the hundredth on two words: `cache-balancer`. */
export function tagOf(tag: number): string {
  const word = WORDS[tag % WORDS.length]!
  const round = Math.floor(tag / WORDS.length)
  return round === 0 ? word : `${word}-${WORDS[(round - 1) % WORDS.length]!}`
}

export function titleOf(article: number): string {
  const mixed = scramble(article + 1_000_003)
  const word = (shift: number): string => WORDS[(mixed >>> shift) % WORDS.length]!
  return `${TITLES[mixed % TITLES.length]!} ${word(4)} and ${word(15)}`
}

/** Unique by its last part, the article's number in base 36. */
export function slugOf(article: number): string {
  return `${titleOf(article).toLowerCase().replaceAll(' ', '-')}-${article.toString(36)}`
}

/** A fixed mixture of the bits (the finaliser of MurmurHash3, Austin Appleby, public domain). */
function scramble(value: number): number {
  let h = (value + 0x9e3779b9) | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
