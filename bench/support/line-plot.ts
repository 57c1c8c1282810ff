// A plot of one measured line beside the ideal one, as SVG text for the documentation. Readable on a light and a dark
// page: its colours are its own, on its own ground.

export interface Plot {
  readonly title: string
  readonly xLabel: string
  readonly yLabel: string
  readonly points: readonly { readonly x: number; readonly y: number; readonly note: string }[]
  /** The y that would be ideal at x. */
  readonly ideal: (x: number) => number
}

const WIDTH = 640
const HEIGHT = 400
const MARGIN = { top: 48, right: 32, bottom: 56, left: 72 }

export function linePlot({ title, xLabel, yLabel, points, ideal }: Plot): string {
  const maxX = Math.max(...points.map(({ x }) => x))
  const maxY = Math.max(...points.map(({ x, y }) => Math.max(y, ideal(x))))
  const step = niceStep(maxY / 5)
  const top = Math.ceil(maxY / step) * step
  const left = (x: number): number => MARGIN.left + (x / maxX) * (WIDTH - MARGIN.left - MARGIN.right)
  const up = (y: number): number => HEIGHT - MARGIN.bottom - (y / top) * (HEIGHT - MARGIN.top - MARGIN.bottom)
  const path = (line: readonly { x: number; y: number }[]): string =>
    line
      .map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${left(x).toFixed(1)} ${up(y).toFixed(1)}`)
      .join(' ')
  // On the right half it stands left of its point, or it would leave the picture.
  const label = (x: number, y: number, note: string): string => {
    const isRight = x > maxX / 2
    const at = left(x) + (isRight ? -10 : 8)
    return `<text x="${at.toFixed(1)}" y="${(up(y) + (isRight ? 44 : 18)).toFixed(1)}"${isRight ? ' text-anchor="end"' : ''}>${note}</text>`
  }
  const yTicks = Array.from({ length: Math.round(top / step) + 1 }, (_, index) => index * step)
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}" font-family="system-ui, sans-serif" font-size="13" fill="#1f2937">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    `<text x="${MARGIN.left}" y="28" font-size="16" font-weight="600">${title}</text>`,
    ...yTicks.flatMap((y) => [
      `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${up(y)}" y2="${up(y)}" stroke="#e5e7eb"/>`,
      `<text x="${MARGIN.left - 8}" y="${up(y) + 4}" text-anchor="end">${y}</text>`,
    ]),
    ...points.map(
      ({ x }) => `<text x="${left(x)}" y="${HEIGHT - MARGIN.bottom + 20}" text-anchor="middle">${x}</text>`,
    ),
    `<text x="${(WIDTH + MARGIN.left) / 2}" y="${HEIGHT - 14}" text-anchor="middle">${xLabel}</text>`,
    `<text transform="translate(18 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">${yLabel}</text>`,
    `<path d="${path([
      { x: 0, y: 0 },
      { x: maxX, y: ideal(maxX) },
    ])}" stroke="#9ca3af" stroke-dasharray="6 5" fill="none"/>`,
    `<text x="${left(maxX) - 4}" y="${up(ideal(maxX)) - 8}" text-anchor="end" fill="#6b7280">ideal</text>`,
    `<path d="${path(points)}" stroke="#2563eb" stroke-width="2.5" fill="none"/>`,
    ...points.flatMap(({ x, y, note }) => [
      `<circle cx="${left(x).toFixed(1)}" cy="${up(y).toFixed(1)}" r="4.5" fill="#2563eb"/>`,
      label(x, y, note),
    ]),
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}

/** 1, 2 or 5 times a power of ten, at least `least`. */
function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * [1, 2, 5, 10].find((factor) => factor * power >= least)!
}
