// What to say to a worker so that its servers are as wished. Pure; saying it twice is harmless.

import assert from 'node:assert/strict'
import type { Upstream, UpstreamWish } from '../../base/route.ts'
import { BACKEND, type SlotState } from './configuration.ts'
import type { ServerState } from './runtime.ts'

// server-t.h: every reason for maintenance but "disabled in the configuration", which a command takes back; and drain.
const MAINTENANCE = 0x63
const DRAIN = 0x18

const COMMAND: Readonly<Record<UpstreamWish, string>> = { ready: 'ready', drain: 'drain', out: 'maint' }

/** What the slots are to be: the wishes, and `out` for every slot that nobody has a wish for. */
export type Wanted = Readonly<Record<string, SlotState>>

/** By the slot's name. An upstream that says where it listens may be elsewhere than its slot. */
export function wantedOf(upstreams: readonly Upstream[]): Wanted {
  return Object.fromEntries(
    upstreams.map(({ spec, wish }) => {
      assert(spec.listens !== undefined, `${spec.name} does not say where it listens`)
      return [spec.name, { wish, ...spec.listens }]
    }),
  )
}

/** What the server is now. A weight of 0 is how a configuration says `drain`. */
export function wishOf({ admin, weight }: ServerState): UpstreamWish {
  if ((admin & MAINTENANCE) !== 0) return 'out'
  return (admin & DRAIN) !== 0 || weight === 0 ? 'drain' : 'ready'
}

/**
 * The commands for one worker, in the order of its servers. One that gets another address is out of service while it
 * does. An upstream without a slot is a defect of the plan.
 */
export function commandsFor(servers: readonly ServerState[], wanted: Wanted): string[] {
  const slots = new Set(servers.map(({ name }) => name))
  for (const name of Object.keys(wanted)) assert(slots.has(name), `there is no slot for ${name}`)
  return servers.flatMap((server) => {
    const wish = wanted[server.name]
    if (wish === undefined) return wishOf(server) === 'out' ? [] : [state(server, 'out')]
    const isElsewhere = wish.wish !== 'out' && (wish.host !== server.host || wish.port !== server.port)
    const isAsWished = wishOf(server) === wish.wish && (wish.wish === 'out' || server.weight === 1)
    return [
      ...(isElsewhere
        ? [state(server, 'out'), `set server ${BACKEND}/${server.name} addr ${wish.host} port ${wish.port}`]
        : []),
      ...(isAsWished && !isElsewhere ? [] : [state(server, wish.wish)]),
      // After the wish: of one that drains, a weight of 1 alone would say "ready".
      ...(server.weight !== 1 && wish.wish !== 'out'
        ? [`set server ${BACKEND}/${server.name} weight 1`]
        : []),
    ]
  })
}

function state({ name }: ServerState, wish: UpstreamWish): string {
  return `set server ${BACKEND}/${name} state ${COMMAND[wish]}`
}
