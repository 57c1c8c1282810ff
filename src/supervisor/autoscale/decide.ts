// How many web servers there are to be, from what was measured. Pure: a recorded series decides the same when replayed.
//
// Adding: busy servers / target, rounded up, the formula of Kubernetes' Horizontal Pod Autoscaler (desired = ceil(current
// × metric / target)), on the median of the last 10 s, so that no single sample counts; at once, on 3 samples, when
// requests wait. How many servers the waiting need is Little's law (Operations Research 9, 1961): all requests in the
// system / those that one server holds. At most doubled at a time, since a saturated server hides how much more there is.
// Removing: the most that the whole cool-down needed (its "stabilization window", maximum of the recommendations), at
// most a quarter at a time, and only when the rest would stay 10 % below the target. Adding begins above the target and
// removing ends below 0.9 of it: between the two nothing moves, so a steady load cannot make the count swing.

import assert from 'node:assert/strict'
import { busyServers, isComplete, type LoadSample, type LoadSeries } from './series.ts'

/** `web.autoscale` of a topology: units and ranges stand in docs/reference/config.md. */
export interface ScalingSettings {
  readonly min: number
  readonly max: number
  readonly targetUtilisation: number
  readonly maxWaitMs: number
  readonly cooldownMs: number
}

export interface Decision {
  /** As many as now unless something is to be done; from then on within `min` and `max`. */
  readonly count: number
  /** For a person: `utilisation 0.83 over 10 s, target 0.60: 3 → 5`. */
  readonly reason: string
}

export const WINDOW_MS = 10_000
const WINDOW_MIN_SAMPLES = 5
const URGENT_SAMPLES = 3
const COVERED = 0.8
// HPA's default tolerance.
const TOLERANCE = 0.1
// A server is filled less than to the brim again when another one goes: the balancer does not spread evenly to the last.
const ROOM_USED = 0.8
const MAX_GROWTH = 2
const REMOVED_FRACTION = 0.25
// Servers that are less than half as busy as they may be wait for something else, a database perhaps.
const IDLE_FRACTION = 0.5

/**
 * What follows from `series`, which has at least one sample. `lastChangeMs`: when the number of servers, or a server, was
 * last changed by anybody; at the first start, when that was.
 */
export function decideServers(
  series: LoadSeries,
  settings: ScalingSettings,
  nowMs: number,
  lastChangeMs: number,
): Decision {
  const last = series.samples.at(-1)
  assert(last !== undefined, 'a decision needs a sample')
  const current = last.wanted
  const why = undecided(last, settings, nowMs, lastChangeMs)
  if (why !== undefined) return { count: current, reason: why }
  const { min, max } = settings
  if (current < min) return { count: min, reason: `at least ${min}: ${current} → ${min}` }
  if (current > max) return { count: max, reason: `at most ${max}: ${current} → ${max}` }

  const recent = newest(series.samples, nowMs, lastChangeMs)
  const urgent = urgentNeed(recent, series.roomPerServer, settings)
  if (urgent !== undefined) return added(urgent, current, settings)
  const firstMs = recent[0]?.atMs ?? nowMs
  if (recent.length < WINDOW_MIN_SAMPLES || nowMs - firstMs < WINDOW_MS * COVERED)
    return {
      count: current,
      reason: `${seconds(nowMs - firstMs)} of figures since the last change, ${seconds(WINDOW_MS * COVERED)} needed`,
    }
  const need = windowNeed(recent, current, series.roomPerServer, settings)
  if (need.count > current) return added(need, current, settings)
  return removed(series, recent, need, settings, nowMs, lastChangeMs)
}

/** Servers needed, and the measurement that says so. */
interface Need {
  readonly count: number
  readonly measured: string
}

/** Why nothing can be said at the moment. */
function undecided(
  last: LoadSample,
  { cooldownMs }: ScalingSettings,
  nowMs: number,
  lastChangeMs: number,
): string | undefined {
  if (nowMs - last.atMs > WINDOW_MS) return `the last figures are ${seconds(nowMs - last.atMs)} old`
  if (last.isChanging) return 'a change is under way'
  if (last.inService !== last.wanted) return `${last.inService} of ${last.wanted} web servers are in service`
  if (!isComplete(last)) return `figures of ${last.servers.length} of ${last.wanted} web servers`
  const waitMs = cooldownMs - (nowMs - lastChangeMs)
  if (last.lastChangeFailed && waitMs > 0)
    return `the last change failed, the next is tried in ${seconds(waitMs)}`
  return undefined
}

/** The unbroken run of complete samples up to the newest, within the window and since the last change. */
function newest(samples: readonly LoadSample[], nowMs: number, lastChangeMs: number): readonly LoadSample[] {
  const { wanted } = samples.at(-1)!
  const broken = samples.findLastIndex(
    (sample) =>
      !isComplete(sample) ||
      sample.wanted !== wanted ||
      sample.atMs < lastChangeMs ||
      nowMs - sample.atMs > WINDOW_MS,
  )
  return samples.slice(broken + 1)
}

/**
 * More wait than may. The mean is one of late: it stays when nobody comes any more, so it counts while somebody waits or
 * while it still grows.
 */
function isQueueing(sample: LoadSample, before: LoadSample | undefined, maxWaitMs: number): boolean {
  return sample.waitMs > maxWaitMs && (sample.waiting > 0 || sample.waitMs > (before?.waitMs ?? Infinity))
}

function urgentNeed(
  recent: readonly LoadSample[],
  room: number | undefined,
  { targetUtilisation, maxWaitMs }: ScalingSettings,
): Need | undefined {
  const latest = recent.slice(-URGENT_SAMPLES)
  const newestSample = latest.at(-1)
  if (newestSample === undefined || latest.length < URGENT_SAMPLES) return undefined
  const { wanted, waiting, waitMs } = newestSample
  const busy = Math.min(...latest.map(busyServers))
  const utilisation = busy / wanted
  const queueing = latest.every((sample, index) =>
    isQueueing(sample, recent[recent.length - URGENT_SAMPLES + index - 1], maxWaitMs),
  )
  const count = Math.max(
    wanted + 1,
    serversFor(busy / targetUtilisation),
    room === undefined ? 0 : serversFor(Math.min(...latest.map(inSystem)) / room),
  )
  if (queueing && utilisation >= targetUtilisation * IDLE_FRACTION)
    return {
      count,
      measured: `${waiting} requests wait, ${Math.round(waitMs)} ms of late, at most ${maxWaitMs} ms`,
    }
  const lateMs = Math.min(...latest.map(lateness))
  if (lateMs > maxWaitMs && utilisation > targetUtilisation)
    return {
      count,
      measured: `event loops are ${Math.round(lateMs)} ms late, at most ${maxWaitMs} ms, at utilisation ${utilisation.toFixed(2)}`,
    }
  return undefined
}

function windowNeed(
  recent: readonly LoadSample[],
  current: number,
  room: number | undefined,
  { targetUtilisation, maxWaitMs }: ScalingSettings,
): Need {
  const busy = median(recent.map(busyServers))
  const utilisation = (busy / current).toFixed(2)
  const measured = `utilisation ${utilisation} over ${seconds(WINDOW_MS)}, target ${targetUtilisation.toFixed(2)}`
  const byUtilisation = { count: serversFor(busy / targetUtilisation), measured }
  const allQueue = recent.slice(1).every((sample, index) => isQueueing(sample, recent[index], maxWaitMs))
  if (!allQueue) return byUtilisation
  const byRoom = room === undefined ? 0 : serversFor(median(recent.map(inSystem)) / room)
  const isIdle = busy / current < targetUtilisation * IDLE_FRACTION
  const byQueue = isIdle ? current + 1 : Math.max(current + 1, byRoom)
  if (byUtilisation.count >= byQueue) return byUtilisation
  const hint = isIdle ? `, though utilisation is ${utilisation}: the servers may wait for something else` : ''
  return { count: byQueue, measured: `requests wait for ${seconds(WINDOW_MS)} now${hint}` }
}

function added({ count, measured }: Need, current: number, { max }: ScalingSettings): Decision {
  if (current >= max) return { count: current, reason: `${measured}; ${max} is the most there may be` }
  const next = Math.min(count, current * MAX_GROWTH, max)
  return { count: next, reason: `${measured}: ${current} → ${next}` }
}

function removed(
  { samples, roomPerServer }: LoadSeries,
  recent: readonly LoadSample[],
  { measured }: Need,
  { min, targetUtilisation, maxWaitMs, cooldownMs }: ScalingSettings,
  nowMs: number,
  lastChangeMs: number,
): Decision {
  const current = recent.at(-1)!.wanted
  const pastMs = Math.max(cooldownMs, WINDOW_MS)
  const stay = (why: string): Decision => ({ count: current, reason: `${measured}: ${why}` })
  const past = samples.filter((sample) => isComplete(sample) && nowMs - sample.atMs <= pastMs)
  const peak = Math.max(...smoothed(past.map(busyServers)))
  const byUtilisation = serversFor(peak / (targetUtilisation * (1 - TOLERANCE)))
  const byRoom =
    roomPerServer === undefined
      ? 0
      : serversFor(Math.max(...smoothed(past.map(inSystem))) / (roomPerServer * ROOM_USED))
  const enough = Math.max(min, byUtilisation, byRoom)
  if (enough >= current) return stay(`${current} stay`)
  if (recent.some((sample, index) => isQueueing(sample, recent[index - 1], maxWaitMs)))
    return stay(`requests wait, ${current} stay`)
  const knownMs = Math.min(nowMs - samples[0]!.atMs, nowMs - lastChangeMs)
  if (nowMs - lastChangeMs < cooldownMs || knownMs < pastMs * COVERED)
    return stay(
      `${enough} would do, none is taken away for ${seconds(Math.max(1_000, cooldownMs - knownMs))}`,
    )
  const next = Math.max(enough, current - Math.max(1, Math.floor(current * REMOVED_FRACTION)))
  const most = `at most ${peak.toFixed(2)} servers busy for ${seconds(pastMs)}`
  return { count: next, reason: `${most}, target ${targetUtilisation.toFixed(2)}: ${current} → ${next}` }
}

function inSystem({ active, waiting }: LoadSample): number {
  return active + waiting
}

/** The median over the servers, so that one with a long task of its own does not speak for all. */
function lateness({ servers }: LoadSample): number {
  return median(servers.map(({ loopDelayP99Ms }) => loopDelayP99Ms))
}

/** Whole servers; a share that is only an error of floating point is none. */
function serversFor(share: number): number {
  return Math.ceil(share - 1e-9)
}

/** Running median of five: without outliers of up to two samples. */
function smoothed(values: readonly number[]): readonly number[] {
  return values.map((_, index) => median(values.slice(Math.max(0, index - 2), index + 3)))
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}
