// A web process as the supervisor starts one, with an application that only says which process answered.

import { readFileSync } from 'node:fs'
import { createLogger } from '../../src/base/log.ts'
import type { WebMemberFile } from '../../src/web/members.ts'
import { createWebServer } from '../../src/web/server/server.ts'

const { controlSocket, settings } = JSON.parse(
  readFileSync(process.env['PANDO_MEMBER']!, 'utf8'),
) as WebMemberFile
const server = createWebServer({
  handler: { fetch: () => new Response(String(process.pid)) },
  settings: { ...settings.web, controlSocket },
  log: createLogger(),
})
process.on('SIGTERM', () => {
  void server.stop(settings.web.announceMs + settings.web.drainMs).then(() => process.exit(0))
})
await server.start()
process.send?.('ready')
