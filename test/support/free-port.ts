import { once } from 'node:events'
import { createServer } from 'node:net'

// Below the ports that the system gives to connections of its own accord (ip(7), ip_local_port_range: 32768 to 60999),
// so that no connection made meanwhile takes the port away; above those of well-known services.
const FIRST = 20_000
const COUNT = 12_000
// A step that has no divisor in common with COUNT: the tests of one process go through all ports before one comes again.
const STEP = 7_919

let next = (process.pid * 613 + Math.floor(performance.timeOrigin)) % COUNT

/** A port of the loopback interface that nobody has, for a program that cannot take port 0. */
export async function freePort(): Promise<number> {
  for (;;) {
    next = (next + STEP) % COUNT
    const server = createServer()
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    )
    server.listen(FIRST + next, '127.0.0.1')
    if (!(await listening)) continue
    server.close()
    await once(server, 'close')
    return FIRST + next
  }
}
