// What was measured of late, as decide.ts looks at it: one sample a second or so, for as long as a cool-down. Pure: a
// series is never changed, `record` gives another one, so a recorded series decides the same wherever it is replayed.
//
// Bounded: at most MAX_SAMPLES. The last minute is kept whole; of what is older, the busiest sample of each of 300 equal
// spans, since the past only says how much load there may be again.

/** One web server in service, over the time since it was asked before. */
export interface ServerLoad {
  readonly name: string
  /** Share of the time that its event loop was busy, 0 to 1 (`performance.eventLoopUtilization` of Node.js). */
  readonly utilisation: number
  /** 99th percentile of how late its event loop came to its work (`monitorEventLoopDelay` of Node.js). */
  readonly loopDelayP99Ms: number
}

export interface LoadSample {
  /** Of a clock that never goes back. */
  readonly atMs: number
  /** Those that are in service and told their figures. */
  readonly servers: readonly ServerLoad[]
  /** Requests that the servers have in work, as the routers count them. */
  readonly active: number
  /** Requests that wait for a server, and the mean wait of late (`RouteReport`). */
  readonly waiting: number
  readonly waitMs: number
  /** Servers that get requests now, and how many there are to be. */
  readonly inService: number
  readonly wanted: number
  /** A live change is under way: somebody's `apply`, `drain`, `restart`, or the last decision. */
  readonly isChanging: boolean
  /** The last change was rolled back or failed. */
  readonly lastChangeFailed: boolean
}

export interface LoadSeries {
  /** Oldest first. */
  readonly samples: readonly LoadSample[]
  /**
   * Requests that one server had in work when others had to wait for a server: more it does not take at once. Undefined
   * until some had to wait. Kept for as long as the series, since the present load says nothing about it.
   */
  readonly roomPerServer: number | undefined
}

export const EMPTY_SERIES: LoadSeries = { samples: [], roomPerServer: undefined }

/** How long every sample is kept, and into how many spans what is older is divided. */
export const WHOLE_MS = 60_000
const SPANS = 300
const MAX_WHOLE = 300
export const MAX_SAMPLES: number = MAX_WHOLE + SPANS + 1

const MIN_SPACING_MS = WHOLE_MS / MAX_WHOLE

/** `series` and then `sample`, without what is older than `keepMs`. One within 200 ms of the last, or older, is dropped. */
export function record(series: LoadSeries, sample: LoadSample, keepMs: number): LoadSeries {
  const last = series.samples.at(-1)
  if (last !== undefined && sample.atMs - last.atMs < MIN_SPACING_MS) return series
  const spanMs = Math.max(1, keepMs / SPANS)
  const kept: LoadSample[] = []
  const spanOf = ({ atMs }: LoadSample): number => Math.floor(atMs / spanMs)
  for (const older of series.samples) {
    if (sample.atMs - older.atMs > keepMs) continue
    const before = kept.at(-1)
    const isOld = sample.atMs - older.atMs > WHOLE_MS
    if (isOld && before !== undefined && spanOf(before) === spanOf(older)) {
      if (busyServers(older) >= busyServers(before)) kept[kept.length - 1] = older
    } else kept.push(older)
  }
  const samples = [...kept, sample].slice(-MAX_SAMPLES)
  return { samples, roomPerServer: roomSeen(series.roomPerServer, sample) }
}

/** Every server that there is to be is in service and told its figures, and nothing is being changed. */
export function isComplete(sample: LoadSample): boolean {
  return (
    !sample.isChanging &&
    sample.wanted > 0 &&
    sample.inService === sample.wanted &&
    sample.servers.length === sample.inService
  )
}

/** The load in servers: 3 servers that are busy 0.5 of their time are 1.5. */
export function busyServers({ servers }: LoadSample): number {
  return servers.reduce((sum, { utilisation }) => sum + clamp01(utilisation), 0)
}

function clamp01(share: number): number {
  return Number.isFinite(share) ? Math.min(1, Math.max(0, share)) : 0
}

function roomSeen(known: number | undefined, sample: LoadSample): number | undefined {
  if (!isComplete(sample)) return known
  const each = sample.active / sample.inService
  if (sample.waiting > 0 && each >= 1) return each
  return known !== undefined && each > known ? each : known
}
