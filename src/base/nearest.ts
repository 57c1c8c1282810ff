// "Did you mean": the nearest of a list of names, for the messages about unknown keys.

/**
 * Edits that turn `a` into `b`: insert, delete, replace, and swap of two neighbours, which is how fingers err most often.
 * The "optimal string alignment" form of Damerau's distance (CACM 7(3), 1964), by Wagner and Fischer's table.
 */
export function distance(a: string, b: string): number {
  let twoAbove: readonly number[] = []
  let above: readonly number[] = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1)
      let least = Math.min(replaced, above[column]! + 1, current[column - 1]! + 1)
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
        least = Math.min(least, twoAbove[column - 2]! + 1)
      current.push(least)
    }
    twoAbove = above
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
