// The program of one web process. Reads what its member file says, opens the tiers, sets the application up, serves, and
// on SIGTERM drains and closes in reverse order.
//
// Exit status: 0 after a drain, 78 when only a person can help (base/member.ts), 1 for everything else; the supervisor
// starts it again after 1. A programmer's error crashes the process at once: its state is unknown from then on.

import { readFileSync } from 'node:fs'
import { describeError, isPlatformError, PlatformError } from '../base/errors.ts'
import { openInstallation } from '../base/installation.ts'
import { createLogger, type Logger } from '../base/log.ts'
import { EXIT_PERMANENT } from '../base/member.ts'
import { answeringLinks } from '../files/index.ts'
import type { AppDefinition, Tiers } from '../index.ts'
import { createWebServer } from '../web/index.ts'
import type { WebMemberFile } from '../web/members.ts'
import { checkRunningApp, findAppFile, loadApp } from './load.ts'
import { openTiers, type TierSettings } from './tiers.ts'

/** The member file with the settings that the plan gives every web process. */
type MemberFile = WebMemberFile & { readonly settings: TierSettings }

/** Serves until SIGTERM or SIGINT; resolves when everything is closed. */
async function serve({ appDir, dataDir, controlSocket, settings }: MemberFile, log: Logger): Promise<void> {
  const stopAsked = Promise.withResolvers<'stop'>()
  process.on('SIGTERM', () => stopAsked.resolve('stop'))
  process.on('SIGINT', () => stopAsked.resolve('stop'))

  const { file, definition } = await loadApp(appDir)
  const opened = await openTiers(openInstallation(dataDir), definition, appDir, settings, log)
  try {
    // A setup may wait for something that never comes. What it has begun ends with the process.
    const made = await Promise.race([setUp(file, definition, opened.tiers), stopAsked.promise])
    if (made === 'stop') {
      log.info({}, 'stopped before it served')
      return
    }
    const app = checkRunningApp(file, made)
    const server = createWebServer({
      handler: answeringLinks(app, opened.answerLink),
      settings: { ...settings.web, controlSocket },
      log: log.child({ tier: 'web' }),
    })
    try {
      await server.start()
      log.info({ ...server.address }, 'serving')
      await stopAsked.promise
      log.info({}, 'draining')
    } finally {
      await server.stop(settings.web.announceMs + settings.web.drainMs)
      await app.close?.()
    }
  } finally {
    await opened.close()
  }
  log.info({}, 'stopped')
}

async function setUp(file: string, definition: AppDefinition, tiers: Tiers): Promise<unknown> {
  try {
    return await definition.setup(tiers)
  } catch (cause) {
    if (isPlatformError(cause)) throw cause
    throw new PlatformError('APP_SETUP_FAILED', { file, reason: describeError(cause) }, { cause })
  }
}

/** Reports the error and ends the process; what is open is left to the system. */
function fail(log: Logger, error: unknown, message: string): never {
  // Its stack; the line of the error itself comes last.
  if (isPlatformError(error) && error.cause instanceof Error) log.error({ error: error.cause }, 'caused by')
  // `told` is for the supervisor, which shows it as it is; `error` is one line.
  log.error({ error, ...(isPlatformError(error) && { code: error.code, told: error.message }) }, message)
  process.exit(isPlatformError(error) && error.permanent ? EXIT_PERMANENT : 1)
}

const nameless = createLogger({ level: 'info' }, { member: 'web' })
const path = process.env['PANDO_MEMBER']
if (path === undefined)
  fail(nameless, new Error('PANDO_MEMBER is not set; use `pando up`'), 'not started by a supervisor')
const member = JSON.parse(readFileSync(path, 'utf8')) as MemberFile
const log = nameless.child({ member: member.member })
process.on('uncaughtException', (error) => fail(log, error, 'uncaught exception'))
process.on('unhandledRejection', (error) => fail(log, error, 'unhandled rejection'))
// Emitted when nothing is left to do although `serve` has not ended: the application waits for what never comes.
process.on('beforeExit', () =>
  fail(log, new PlatformError('APP_NEVER_READY', { file: findAppFile(member.appDir) }), 'could not serve'),
)
serve(member, log).then(
  () => process.exit(0),
  (error: unknown) => fail(log, error, 'could not serve'),
)
