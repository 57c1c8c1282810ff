// Whether a collection holds those who can be told something: open responses, sockets, subscribers. They cannot be kept
// in a database like other state, so another remedy is named for them.

import type { State } from './state.ts'

const AUDIENCE = /(clients|subscribers|sockets|connections|listeners|watchers|audience|peers|spectators)$/i
const RECEIVER =
  /^(res|response|reply|socket|ws|client|conn|connection|controller|stream|writer|subscriber|listener)$/i

export function isAudience({ name, changes }: State): boolean {
  const added = changes.filter(({ method }) => method === 'add' || method === 'push' || method === 'set')
  const isReceiver = added.some(({ values }) =>
    values.some((value) => value.type === 'Identifier' && RECEIVER.test(value.name)),
  )
  return isReceiver || (added.length > 0 && AUDIENCE.test(name))
}
