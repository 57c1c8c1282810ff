// The road of growth: the named stages in order, what each adds, and which keys of a topology belong to it. A stage
// whose engines are not part of this version is known here, so that it is answered by name and never taken for a
// spelling mistake or replaced in silence by a smaller stage.

export interface Stage {
  readonly name: StageName
  /** What it adds to the stage before it, as the middle of a sentence. */
  readonly adds: string
  /** Whether this version can run it. */
  readonly available: boolean
}

type StageName = 'single' | 'separate' | 'balanced' | 'replicated' | 'cached' | 'edge' | 'queued' | 'regional'

/** In the order in which a growing application takes them; each contains the ones before it. */
export const STAGES: readonly Stage[] = [
  {
    name: 'single',
    adds: 'web, database, sessions and files on one server, in one command',
    available: true,
  },
  {
    name: 'separate',
    adds: 'the data tier on servers of its own, relational and document stores',
    available: false,
  },
  { name: 'balanced', adds: 'several web servers behind a load balancer', available: true },
  { name: 'replicated', adds: 'a primary with read replicas and automatic failover', available: false },
  {
    name: 'cached',
    adds: 'a shared cache tier of several nodes in front of the database',
    available: false,
  },
  { name: 'edge', adds: 'points of presence that keep public answers near the visitors', available: false },
  { name: 'queued', adds: 'a broker and workers of their own', available: false },
  { name: 'regional', adds: 'replicas, caches and edges in a second region', available: false },
]

/** A key that a later stage brings. */
export interface PlannedKey {
  readonly stage: StageName
  /** What does the job in this version, as a whole sentence. */
  readonly now: string
  /** The one value that says what this version does anyway, and is accepted. */
  readonly accepted?: unknown
  /** Of a setting that this version has: the values that come later. */
  readonly later?: readonly unknown[]
}

const ONE_DATABASE = 'The database is one embedded PostgreSQL on this server.'
const ONE_SERVER = 'Everything runs on this server; `web.processes` uses all of its cores.'
const SHARED_SESSIONS =
  'Sessions are kept in the database, so every web process can answer every visitor already.'

/** Key (`tier` or `tier.setting`) → the stage that brings it. Ordered by stage. */
export const PLANNED_KEYS: Readonly<Record<string, PlannedKey>> = {
  hosts: { stage: 'separate', now: ONE_SERVER },
  documents: { stage: 'separate', now: 'A `jsonb` column of the database holds documents.' },
  'database.url': { stage: 'separate', now: ONE_DATABASE },
  'database.primary': { stage: 'separate', now: ONE_DATABASE },
  'database.driver': { stage: 'separate', now: ONE_DATABASE },
  'database.servers': { stage: 'replicated', now: ONE_DATABASE, accepted: 1 },
  'database.replicas': { stage: 'replicated', now: ONE_DATABASE, accepted: 0 },
  'database.synchronous': { stage: 'replicated', now: ONE_DATABASE },
  'database.failover': { stage: 'replicated', now: ONE_DATABASE },
  cache: { stage: 'cached', now: 'Reads go to the database.' },
  'sessions.driver': { stage: 'cached', now: SHARED_SESSIONS },
  'sessions.store': { stage: 'cached', now: SHARED_SESSIONS },
  edge: { stage: 'edge', now: 'The web processes answer visitors themselves.' },
  queue: { stage: 'queued', now: 'Work is done inside the request.' },
  workers: { stage: 'queued', now: 'Work is done inside the request.' },
  events: { stage: 'queued', now: 'Rows of a table of the application record what happened.' },
  regions: { stage: 'regional', now: ONE_SERVER },
}

/** What a stage gives in place of the defaults, by key. */
export const PRESETS: Partial<Readonly<Record<StageName, Readonly<Record<string, unknown>>>>> = {
  balanced: { 'web.servers': 3 },
}

/** The stage called `name`, or undefined. */
export function findStage(name: string): Stage | undefined {
  return STAGES.find((stage) => stage.name === name)
}

/** What is planned under `key`: of the key itself (`web.servers`) or of its tier (`cache.nodes` → `cache`). */
export function findPlanned(key: string): (PlannedKey & { readonly key: string }) | undefined {
  const planned = [key, key.split('.', 1)[0]!].find((candidate) => Object.hasOwn(PLANNED_KEYS, candidate))
  return planned === undefined ? undefined : { key: planned, ...PLANNED_KEYS[planned]! }
}
