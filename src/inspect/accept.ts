// The comment that accepts a finding beside the code: `// pando: per-process <reason>`, on its line or directly above
// it. Without a reason it accepts nothing: the reason is what the next reader needs.

import { placeAt, type Module } from './syntax/parse.ts'

const MARK = /^[\s*]*pando:\s*per-process\b[\s:–—-]*/

/** `''` for a comment that gives no reason; undefined where there is none. `line` counts from 1. */
export function reasonAt({ comments, lineStarts, text }: Module, line: number): string | undefined {
  const onLine = new Map<number, string>()
  const commentLines = new Set<number>()
  for (const { start, end, value } of comments) {
    const first = placeAt(lineStarts, start).line
    const last = placeAt(lineStarts, end).line
    const isAlone = text.slice(lineStarts[first - 1], start).trim() === ''
    if (isAlone) for (let at = first; at <= last; at++) commentLines.add(at)
    if (MARK.test(value))
      onLine.set(
        last,
        value
          .replace(MARK, '')
          .replaceAll(/\s*\n[\s*]*/g, ' ')
          .trim(),
      )
  }
  const here = onLine.get(line)
  if (here !== undefined) return here
  for (let above = line - 1; commentLines.has(above); above--) {
    const reason = onLine.get(above)
    if (reason !== undefined) return reason
  }
  return undefined
}
