// A whole turn of the event loop: everything that was ready at the call (input, connections that wait, promises) has been
// looked at when it resolves. It says nothing of time; whoever waits for time takes a `Clock`.

import { setImmediate } from 'node:timers/promises'

export async function turn(): Promise<void> {
  // The first one may belong to the turn that is under way, whose look at the input is over.
  await setImmediate()
  await setImmediate()
}
