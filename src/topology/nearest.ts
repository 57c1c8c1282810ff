// "Did you mean": the nearest of a list of names, for the messages about unknown keys.

/** Edits (insert, delete, replace) that turn `a` into `b`: Levenshtein's distance, by Wagner and Fischer. */
export function distance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      current.push(Math.min(replaced, above[column]! + 1, current[column - 1]! + 1))
    }
    above = current
  }
  return above[b.length]!
}

// Longer input is no spelling mistake, and the distance costs the product of both lengths.
const MAX_LENGTH = 100

/**
 * The one of `names` that `name` is most likely a misspelling of, case aside; undefined when none is within a third of
 * its length: one edit up to three letters, at least two above. The first of several equally near ones.
 */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > MAX_LENGTH) return undefined
  let best: string | undefined
  let bestDistance = (name.length <= 3 ? 1 : Math.max(2, Math.floor(name.length / 3))) + 1
  for (const candidate of names) {
    const edits = distance(name.toLowerCase(), candidate.toLowerCase())
    if (edits < bestDistance) {
      best = candidate
      bestDistance = edits
    }
  }
  return best
}
