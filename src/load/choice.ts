// Which call an arrival becomes.

import type { Random } from '../base/random.ts'
import type { LoadRequest, Mix } from './mix.ts'

/** Draws the name of a call with the shares of the mix, whatever exactly they add up to. */
export function chooseByPercent<State>(mix: Mix<State>): (random: Random) => string {
  const names = Object.keys(mix.calls)
  const upTo: number[] = []
  let sum = 0
  for (const name of names) upTo.push((sum += mix.calls[name]!.percent))
  return (random) => {
    const at = random.next() * sum
    return names[upTo.findIndex((edge) => at < edge)]!
  }
}

/** How far `otherwise` is followed: from a deletion to a creation, and one step to spare. */
const OTHERWISE_STEPS = 3

/** The request of `call`, or of the call that it names for the case that there is nothing to act on. */
export function requestOf<State>(
  mix: Mix<State>,
  call: string,
  state: State,
  random: Random,
): { readonly call: string; readonly request: LoadRequest | undefined } {
  let name = call
  for (let step = 0; step < OTHERWISE_STEPS; step++) {
    const wanted = mix.calls[name]!
    const request = wanted.request(state, random)
    if (request !== undefined || wanted.otherwise === undefined) return { call: name, request }
    name = wanted.otherwise
  }
  return { call: name, request: undefined }
}
