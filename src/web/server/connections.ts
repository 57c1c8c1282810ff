// The open connections of one server, and how they come to their end when the process drains.
//
// Node's own `closeIdleConnections`, which `server.close` calls, takes a connection for idle as soon as `end` was
// called on its answer, and cuts off what a slow client has not received yet; hence our own rule.

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Clock } from '../../base/clock.ts'

type Connection = Socket & {
  /** The answer being written; Node's name. */
  readonly _httpMessage?: ServerResponse | null
  readonly parser?: { readonly incoming?: IncomingMessage | null } | null
}

export interface Connections {
  /** Takes an upgraded connection out of the ordinary ones. `protocol` is the name it was upgraded to. */
  upgraded(socket: Socket, protocol: string): void
  isUpgraded(socket: Socket): boolean
  /** Resolves when every connection is closed, at the latest `deadlineMs` after the call. */
  drain(deadlineMs: number): Promise<void>
}

// Long enough for a request that is on its way to arrive, short enough for nobody to notice the stop.
const SWEEP_MS = 50

// RFC 6455 §7.4.1: an unmasked close frame with status 1001, "going away".
const GOING_AWAY = Buffer.from([0x88, 0x02, 0x03, 0xe9])

export function trackConnections(server: Server, clock: Clock): Connections {
  const ordinary = new Map<Connection, { bytesRead: number }>()
  const upgraded = new Map<Socket, string>()
  let onEmpty: (() => void) | undefined
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
      const idle = !socket._httpMessage && socket.parser?.incoming?.complete !== false
      if (idle && last.bytesRead === socket.bytesRead) socket.destroy()
      last.bytesRead = socket.bytesRead
    }
  }

  return {
    upgraded(socket, protocol) {
      ordinary.delete(socket)
      upgraded.set(socket, protocol)
      socket.once('close', () => {
        upgraded.delete(socket)
        removed()
      })
    },
    isUpgraded: (socket) => upgraded.has(socket),
    async drain(deadlineMs) {
      if (ordinary.size === 0 && upgraded.size === 0) return
      for (const [socket, protocol] of upgraded)
        if (protocol.toLowerCase() === 'websocket') socket.end(GOING_AWAY)
        else socket.end()
      sweep()
      const cancelSweep = clock.every(SWEEP_MS, sweep)
      const wake = new AbortController()
      onEmpty = () => wake.abort()
      await clock.sleep(deadlineMs, wake.signal).catch(() => {})
      cancelSweep()
      onEmpty = undefined
      for (const socket of [...ordinary.keys(), ...upgraded.keys()]) socket.destroy()
    },
  }
}
