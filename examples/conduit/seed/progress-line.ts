// One line while seeding: what is being filled, how far it is, how fast, and when it will be done.

export interface ProgressLine {
  update(kind: string, rows: number, total: number): void
  end(): void
}

const LINE_EVERY_MS = 1_000

/** On a terminal one line that is overwritten, elsewhere a line at most every second. `now`: milliseconds. */
export function progressLine(stream: NodeJS.WriteStream, now: () => number): ProgressLine {
  const startedAtMs = now()
  let firstRows: number | undefined
  let shownAtMs = Number.NEGATIVE_INFINITY
  let shownKind = ''
  return {
    update(kind, rows, total) {
      // A seeding that continues begins with many rows done: they say nothing of the rate.
      firstRows ??= rows
      if (kind === shownKind && now() - shownAtMs < LINE_EVERY_MS) return
      shownAtMs = now()
      shownKind = kind
      const text = describeProgress(kind, rows, total, rows - firstRows, (now() - startedAtMs) / 1000)
      stream.write(stream.isTTY ? `\r\u001B[K${text}` : `${text}\n`)
    },
    end: () => void (stream.isTTY && stream.write('\r\u001B[K')),
  }
}

/** `articles   34 %  382000 of 1124000 rows  41000/s  18 s left` */
export function describeProgress(
  kind: string,
  rows: number,
  total: number,
  rowsSinceStart: number,
  seconds: number,
): string {
  if (total <= 1) return `${kind} …`
  const percent = String(Math.floor((100 * rows) / total)).padStart(3)
  const perSecond = seconds > 0 ? rowsSinceStart / seconds : 0
  const left = perSecond > 0 ? `  ${Math.ceil((total - rows) / perSecond)} s left` : ''
  return `${kind.padEnd(9)} ${percent} %  ${rows} of ${total} rows  ${Math.round(perSecond)}/s${left}`
}
