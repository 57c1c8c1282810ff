// The open connections of one server: what is in work on them, and how they come to their end when the process drains.
//
// Node's own `closeIdleConnections`, which `server.close` calls, takes a connection for idle as soon as `end` was
// called on its answer, and cuts off what a slow client has not received yet; hence our own rule.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { CancelTimer, Clock } from '../../base/clock.ts'
import { cut, isCut } from '../refusal/refusal.ts'

type Connection = Socket & {
  /** The answer being written; Node's name. */
  readonly _httpMessage?: ServerResponse | null
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
}

export interface Connections {
  /**
   * Takes an upgraded connection out of the ordinary ones. `protocol` is the name it was upgraded to; one that the
   * application minds itself is not told of a drain.
   */
  upgraded(socket: Socket, protocol: string, owner: { readonly mindsDrain: boolean }): void
  isUpgraded(socket: Socket): boolean
  /** How many have a request in work, upgraded ones included. */
  readonly active: number
  /** How many are upgraded. */
  readonly upgradedCount: number
  /** Brings them to their end from now on: idle ones are closed, upgraded ones are told; requests in work finish. */
  relieve(): void
  /** Ends what `relieve` began. */
  resume(): void
  /** As `relieve`; resolves when every connection is closed, at the latest `deadlineMs` after the call. */
  drain(deadlineMs: number): Promise<void>
}

// Long enough for a request that is on its way to arrive, short enough for nobody to notice the stop.
const SWEEP_MS = 50
// A peer answers a close frame with its own (RFC 6455 §5.5.1), after what it has sent before; then the application's
// library ends the connection. A peer that does not is not waited for longer.
const CLOSE_FRAME_MS = 1_000
const REASON = 'draining'

/** RFC 6455 §5.5.1: an unmasked close frame with status 1001, "going away", and a reason. */
const GOING_AWAY = Buffer.concat([Buffer.from([0x88, 2 + REASON.length, 0x03, 0xe9]), Buffer.from(REASON)])

export function trackConnections(server: Server, clock: Clock): Connections {
  const ordinary = new Map<Connection, { bytesRead: number }>()
  const upgraded = new Map<Socket, () => void>()
  let onEmpty: (() => void) | undefined
  let cancelSweep: CancelTimer | undefined
  const removed = (): void => {
    if (ordinary.size === 0 && upgraded.size === 0) onEmpty?.()
  }

  server.on('connection', (socket: Connection) => {
    ordinary.set(socket, { bytesRead: -1 })
    socket.once('close', () => {
      ordinary.delete(socket)
      removed()
    })
  })
  server.closeIdleConnections = () => {}

  /** Closes what has no request in work and has received nothing since the sweep before. */
  const sweep = (): void => {
    for (const [socket, last] of ordinary) {
      if (!isInWork(socket) && last.bytesRead === socket.bytesRead) socket.destroy()
      last.bytesRead = socket.bytesRead
    }
  }
  const relieve = (): void => {
    if (cancelSweep !== undefined) return
    for (const end of upgraded.values()) end()
    sweep()
    cancelSweep = clock.every(SWEEP_MS, sweep)
  }
  const resume = (): void => {
    cancelSweep?.()
    cancelSweep = undefined
  }

  return {
    upgraded(socket, protocol, owner) {
      ordinary.delete(socket)
      upgraded.set(socket, () => {
        if (!owner.mindsDrain) endUpgraded(socket, protocol, clock)
      })
      socket.once('close', () => {
        upgraded.delete(socket)
        removed()
      })
    },
    isUpgraded: (socket) => upgraded.has(socket),
    get active() {
      let count = upgraded.size
      for (const socket of ordinary.keys()) if (isInWork(socket) && !isCut(socket)) count++
      return count
    },
    get upgradedCount() {
      return upgraded.size
    },
    relieve,
    resume,
    async drain(deadlineMs) {
      relieve()
      if (ordinary.size > 0 || upgraded.size > 0) {
        const wake = new AbortController()
        onEmpty = () => wake.abort()
        await clock.sleep(deadlineMs, wake.signal).catch(() => {})
        onEmpty = undefined
      }
      resume()
      for (const socket of [...ordinary.keys(), ...upgraded.keys()]) socket.destroy()
    },
  }
}

function isInWork(socket: Connection): boolean {
  return Boolean(socket._httpMessage) || socket.parser?.incoming?.complete === false
}

function endUpgraded(socket: Socket, protocol: string, clock: Clock): void {
  if (protocol.toLowerCase() !== 'websocket') {
    socket.end()
    return
  }
  if (!socket.writable) return
  socket.write(GOING_AWAY)
  const cancel = clock.after(CLOSE_FRAME_MS, () => cut(socket, '', clock))
  socket.once('close', cancel)
}
