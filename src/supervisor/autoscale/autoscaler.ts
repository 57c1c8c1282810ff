// Holds the series between two samples and tells what was decided. It starts nothing, stops nothing and sets no timer:
// whoever measures calls `observe`, and makes a change of what `onDecision` says, or not; the next sample shows which.

import type { Clock } from '../../base/clock.ts'
import { decideServers, WINDOW_MS, type Decision, type ScalingSettings } from './decide.ts'
import type { Measured } from './measured.ts'
import { EMPTY_SERIES, record, type LoadSample } from './series.ts'

/** For `status` and logs; plain JSON. */
export interface AutoscaleReport extends Decision {
  readonly wanted: number
  readonly min: number
  readonly max: number
}

export interface AutoscalerOptions {
  readonly settings: ScalingSettings
  readonly clock: Clock
  /**
   * Called within `observe` when the count is another than is wanted; again at the next sample, should that still want
   * the old one. What it throws, `observe` throws.
   */
  readonly onDecision: (decision: Decision) => void
}

/** Everything that is needed to decide again, elsewhere: what a file in `recorded/` holds, without what is expected. */
export interface Recording {
  readonly settings: ScalingSettings
  readonly samples: readonly LoadSample[]
}

export interface Autoscaler {
  /** Takes what was measured now. At most 5 a second count; one a second is enough. */
  observe(measured: Measured): AutoscaleReport
  /** The last report; undefined before the first sample. */
  readonly report: AutoscaleReport | undefined
  /** What is held at the moment, to be replayed. */
  recording(): Recording
}

/** Counts the cool-down from its own beginning, since what was before it is not known. Bounded: MAX_SAMPLES. */
export function createAutoscaler({ settings, clock, onDecision }: AutoscalerOptions): Autoscaler {
  const replaying = startReplay(settings, clock.monotonic())
  let report: AutoscaleReport | undefined
  return {
    observe(measured) {
      const decision = replaying.next({ ...measured, atMs: clock.monotonic() })
      report = { ...decision, wanted: measured.wanted, min: settings.min, max: settings.max }
      if (decision.count !== measured.wanted) onDecision(decision)
      return report
    },
    get report() {
      return report
    },
    recording: () => ({ settings, samples: replaying.samples() }),
  }
}

/** A decision for every sample of a recording, as they were made: the same samples give the same decisions. */
export function replay({ settings, samples }: Recording): readonly Decision[] {
  const replaying = startReplay(settings, samples[0]?.atMs ?? 0)
  return samples.map((sample) => replaying.next(sample))
}

/** One line for a person: `12 s  3 servers, 0.83 busy, 0 waiting  → 5  utilisation 0.83 over 10 s, …`. */
export function explain(sample: LoadSample, { count, reason }: Decision): string {
  const { servers, wanted, waiting, atMs } = sample
  const busy = servers.reduce((sum, { utilisation }) => sum + utilisation, 0) / Math.max(1, servers.length)
  const move = count === wanted ? '    ' : `→ ${count}`.padEnd(4)
  return `${Math.round(atMs / 1000)} s  ${wanted} ${wanted === 1 ? 'server' : 'servers'}, ${busy.toFixed(2)} busy, ${waiting} waiting  ${move}  ${reason}`
}

function startReplay(
  settings: ScalingSettings,
  startMs: number,
): { next(sample: LoadSample): Decision; samples(): readonly LoadSample[] } {
  const keepMs = Math.max(settings.cooldownMs, WINDOW_MS)
  let series = EMPTY_SERIES
  let lastChangeMs = startMs
  let wanted: number | undefined
  return {
    next(sample) {
      const isOtherCount = wanted !== undefined && wanted !== sample.wanted
      if (isOtherCount || sample.isChanging) lastChangeMs = sample.atMs
      wanted = sample.wanted
      series = record(series, sample, keepMs)
      return decideServers(series, settings, sample.atMs, lastChangeMs)
    },
    samples: () => series.samples,
  }
}
