// When a line of a member's log was written, so that the lines of several members can be put in order. Every engine
// writes its time in its own way; a line without one (the rest of a stack, what an application prints) belongs to the
// line before it. Pure.

/** A line with the time that it is sorted by, in milliseconds since 1970. */
export interface TimedLine {
  readonly name: string
  readonly line: string
  readonly atMs: number
}

// Our own (`"time":"2026-11-22T10:00:00.123Z"`) and PostgreSQL's (`2026-11-22 10:00:00.123 UTC [17]`).
const DATED = /(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d{1,3})?) ?(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?/
/** The supervisor's: `10:00:00.123 info  …`, in UTC. */
const CLOCK_ONLY = /^(\d\d):(\d\d):(\d\d)\.(\d{3}) /
/** A time stands at the beginning of a line; further on is what the line tells of. */
const LOOKED_AT_CHARS = 64
const DAY_MS = 86_400_000
// A file's time of change lags some milliseconds behind the clock, and two writers may be out of step.
const SLACK_MS = 60_000

/**
 * The lines of one log, oldest first, with their times. `untilMs` is when the log was last written to: a time without
 * a date is the latest that is not after the line that follows.
 */
export function timed(name: string, lines: readonly string[], untilMs: number): readonly TimedLine[] {
  const times: (number | undefined)[] = []
  let followingMs = untilMs
  for (let index = lines.length - 1; index >= 0; index--) {
    const atMs = timeOf(lines[index]!, followingMs)
    times[index] = atMs
    followingMs = atMs ?? followingMs
  }
  // Lines before the first time were written before it.
  let lastMs = times.find((atMs) => atMs !== undefined) ?? untilMs
  return lines.map((line, index) => {
    lastMs = times[index] ?? lastMs
    return { name, line, atMs: lastMs }
  })
}

/** Lines of several logs in the order of their times; those of one log keep their own order. */
export function inOrder(logs: readonly (readonly TimedLine[])[]): readonly TimedLine[] {
  const rests = logs.filter((lines) => lines.length > 0).map((lines) => ({ lines, at: 0 }))
  const merged: TimedLine[] = []
  for (;;) {
    const [first, ...others] = rests.filter(({ lines, at }) => at < lines.length)
    if (first === undefined) return merged
    const earliest = others.reduce(
      (best, rest) => (rest.lines[rest.at]!.atMs < best.lines[best.at]!.atMs ? rest : best),
      first,
    )
    merged.push(earliest.lines[earliest.at]!)
    earliest.at += 1
  }
}

function timeOf(line: string, notAfterMs: number): number | undefined {
  const clock = CLOCK_ONLY.exec(line)
  if (clock !== null) {
    const [hours, minutes, seconds, ms] = clock.slice(1).map(Number) as [number, number, number, number]
    const ofDayMs = ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms
    return ofDayMs + Math.floor((notAfterMs + SLACK_MS - ofDayMs) / DAY_MS) * DAY_MS
  }
  const match = DATED.exec(line.slice(0, LOOKED_AT_CHARS))
  if (match === null) return undefined
  const [, date, time, zone = 'Z'] = match
  const parsed = Date.parse(`${date}T${time}${offsetOf(zone)}`)
  return Number.isNaN(parsed) ? undefined : parsed
}

/** As ISO 8601 has it: `+02` is `+02:00`. */
function offsetOf(zone: string): string {
  const match = /^([+-]\d\d):?(\d\d)?$/.exec(zone)
  return match === null ? 'Z' : `${match[1]}:${match[2] ?? '00'}`
}
