// What the run has made and may change or delete again. A thing is taken out while a request about it is under way and
// put back afterwards, so two requests of one run never contradict each other and every answer can be judged.

import type { Random } from 'pando/load'

export interface Made<Thing> {
  /** Keeps the thing. At `max` one drawn at random makes room: it stays on the server and is left alone. */
  put(thing: Thing, random: Random): void
  /** Takes out one drawn evenly; undefined when there is none. */
  take(random: Random): Thing | undefined
  readonly size: number
}

export function createMade<Thing>(max: number): Made<Thing> {
  const things: Thing[] = []
  const take = (random: Random): Thing | undefined => {
    if (things.length === 0) return undefined
    const at = random.integer(things.length)
    const taken = things[at]
    things[at] = things.at(-1)!
    things.pop()
    return taken
  }
  return {
    take,
    get size() {
      return things.length
    },
    put(thing, random) {
      if (things.length >= max) take(random)
      things.push(thing)
    },
  }
}

/** Keys that a request under way is about. */
export interface Claims {
  /** True when nobody else holds it; then it is held until `release`. */
  claim(key: string): boolean
  release(key: string): void
}

export function createClaims(): Claims {
  const held = new Set<string>()
  return {
    claim(key) {
      if (held.has(key)) return false
      held.add(key)
      return true
    },
    release: (key) => void held.delete(key),
  }
}

/**
 * Tells whether anybody else wrote to a thing between the beginning of a write and the end of its read-back: then a
 * count read back cannot be judged, for it may rightly differ from the one in the write's own answer.
 */
export interface Disturbances {
  /** A write to `key` begins. `end` when it was read back or will not be. */
  write(key: string): { disturbed(): boolean; end(): void }
}

export function createDisturbances(): Disturbances {
  const things = new Map<string, { writing: number; begun: number }>()
  return {
    write(key) {
      const thing = things.get(key) ?? { writing: 0, begun: 0 }
      things.set(key, thing)
      const alone = thing.writing === 0
      thing.writing++
      const mine = ++thing.begun
      return {
        disturbed: () => !alone || thing.begun !== mine,
        end() {
          thing.writing--
          if (thing.writing === 0) things.delete(key)
        },
      }
    },
  }
}
