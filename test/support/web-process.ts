// A web process as the supervisor starts one, with an application that says which process answered. `/hold` answers when
// the parent says `release`; a request to upgrade is taken and nothing more.

import { readFileSync } from 'node:fs'
import { createLogger } from '../../src/base/log.ts'
import type { WebMemberFile } from '../../src/web/members.ts'
import { createWebServer } from '../../src/web/server/server.ts'

const { controlSocket, settings } = JSON.parse(
  readFileSync(process.env['PANDO_MEMBER']!, 'utf8'),
) as WebMemberFile
const released = Promise.withResolvers<void>()
process.on('message', () => released.resolve())
const server = createWebServer({
  handler: {
    async fetch(request) {
      if (new URL(request.url).pathname === '/hold') {
        process.send?.('held')
        await released.promise
      }
      return new Response(String(process.pid))
    },
    upgrade: (_incoming, socket) =>
      void socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
  },
  settings: { ...settings.web, controlSocket },
  log: createLogger({ write: () => {} }),
})
process.on('SIGTERM', () => {
  void server.stop(settings.web.announceMs + settings.web.drainMs).then(() => process.exit(0))
})
await server.start()
process.send?.('ready')
