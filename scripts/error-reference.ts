// docs/reference/errors.md from the catalogue, as text.

import { CATALOGUE, type ErrorEntry } from '../src/base/errors.ts'

/** A value that takes any property, call or conversion and prints as its own name: `‹url›`. */
function placeholder(name: string): unknown {
  return new Proxy((): void => {}, {
    get: (_target, key) => {
      if (key === Symbol.toPrimitive || key === 'toString' || key === 'toFixed' || key === 'join')
        return () => name
      if (key === Symbol.iterator) return [placeholder(name)][Symbol.iterator].bind([placeholder(name)])
      if (key === 'length') return 1
      return typeof key === 'string' && name === '' ? placeholder(`‹${key}›`) : placeholder(name)
    },
    apply: () => placeholder(name),
  })
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s*\n\s*/g, ' ')

/** The whole page, sorted by code. */
export function renderErrorReference(): string {
  const rows = Object.entries(CATALOGUE as Record<string, ErrorEntry<unknown>>)
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([code, entry]) => {
      const values = placeholder('')
      const fix = typeof entry.fix === 'function' ? entry.fix(values) : entry.fix
      return `| \`${code}\` | ${cell(entry.message(values))} | ${cell(fix)} |`
    })
  return [
    '# Errors',
    '',
    'Every operating error has one code that never changes its meaning. The message carries the values; the fix says what',
    'to do. In code: `isPlatformError(error, CODE)`. This page is generated: `npm run references`.',
    '',
    '| code | message | what to do |',
    '| --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}
