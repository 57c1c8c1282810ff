// Web processes as members: started as a supervisor starts them, with the application of web-process.ts.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createLogger } from '../../src/base/log.ts'
import { openInstallation } from '../../src/base/installation.ts'
import type { MemberContext, MemberSpec } from '../../src/base/member.ts'
import { moduleFile } from '../../src/base/process.ts'
import { webConfig, type WebSettingsInput } from '../../src/web/config.ts'
import { webMembers, webProcess } from '../../src/web/members.ts'
import { rawConnection } from './web.ts'

const FIXTURE = moduleFile(import.meta.url, './web-process')

/** An installation in `dataDir` of its own, as an engine sees it. */
export function memberContext(dataDir: string): MemberContext {
  return {
    installation: openInstallation(dataDir),
    appDir: dataDir,
    log: createLogger({ write: () => {} }),
  }
}

/** The members `web-1` … of an application in `dir`. */
export function webSpecs(
  dir: string,
  settings: WebSettingsInput,
  count: number,
  frontedBy: readonly string[] = [],
): MemberSpec[] {
  return webMembers({
    settings: webConfig.parse({ drainMs: 2_000, ...settings }),
    release: { dir, release: '' },
    count,
    after: [],
    frontedBy,
    canShare: process.platform === 'linux',
  })
}

export interface StartedMember extends AsyncDisposable {
  readonly child: ChildProcess
  readonly pid: number
}

/** Starts the member as a supervisor does, and waits until it has started. Disposed of, it is stopped. */
export async function startMember(spec: MemberSpec, context: MemberContext): Promise<StartedMember> {
  const launch = await webProcess.prepare(spec, context)
  const child = spawn(launch.file, [FIXTURE], {
    env: launch.env,
    cwd: launch.cwd,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const exited = once(child, 'exit')
  await Promise.race([once(child, 'message'), exited])
  return {
    child,
    pid: child.pid!,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}

/** The process that answers on a new connection. */
export async function whoAnswers(port: number): Promise<number> {
  using connection = await rawConnection(port)
  connection.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
  return Number((await connection.ended()).split('\r\n\r\n')[1])
}
