// Runs one balancer process: HAProxy's master, which the supervisor watches, and the worker that it starts. A reload
// changes the worker and keeps the master, the listening socket and every connection in it.
//
// A process begins with the servers that were last in service, so one that was killed serves as soon as it runs.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { systemClock } from '../../base/clock.ts'
import { describeError, PlatformError } from '../../base/errors.ts'
import { installationSecret, socketDirectory, type Installation } from '../../base/installation.ts'
import type { Launch, MemberContext, MemberEngine, MemberReadiness, MemberSpec } from '../../base/member.ts'
import type { HaproxySettings } from '../members.ts'
import { findHaproxy, type Haproxy } from './binary.ts'
import { haproxyConfiguration, type HaproxyInput } from './configuration.ts'
import { readInService } from './in-service.ts'
import { assertPlaceIsOurs } from './port.ts'
import {
  askHaproxy,
  masterSocket,
  masterSocketName,
  readWorkers,
  runtimeSocket,
  runtimeSocketName,
  type Workers,
} from './runtime.ts'

const run = promisify(execFile)

const PROBE_MS = 1_800
const CHECK_MS = 15_000
const RELOAD_MS = 15_000
const LOOK_MS = 20
/** The router notes every second who is in service. */
const SERVERS_MS = 5_000
/** Between the last request and the end of the processes. */
const STOP_MARGIN_MS = 2_000
const MAX_REPORTED_LINES = 10

const settingsOf = (spec: MemberSpec): HaproxySettings => spec.settings as unknown as HaproxySettings
const fileOf = (spec: MemberSpec, { installation }: MemberContext): string =>
  join(installation.runDir, `${spec.name}.cfg`)

export const haproxyEngine: MemberEngine = {
  async prepare(spec, context): Promise<Launch> {
    const { installation } = context
    const { balancer, served } = settingsOf(spec)
    const haproxy = await findHaproxy()
    const cwd = socketDirectory(installation, 'run')
    rmSync(runtimeSocket(installation, spec.name), { force: true })
    rmSync(masterSocket(installation, spec.name), { force: true })
    if (await assertPlaceIsOurs(served, cwd)) await untilServersAreThere(spec.name, installation)
    if (balancer.tlsCertificates.length > 0 && balancer.tlsRedirectPort > 0)
      await assertPlaceIsOurs({ host: served.host, port: balancer.tlsRedirectPort }, cwd)
    const file = await writeConfiguration(spec, haproxy, context)
    // Names of sockets are relative, so no data directory is too deep for them.
    const master = `unix@${masterSocketName(spec.name)},mode,600,level,admin`
    return { file: haproxy.path, args: ['-W', '-db', '-S', master, '-f', file], env: {}, cwd }
  },

  async probe(spec, { installation }): Promise<MemberReadiness> {
    try {
      const path = runtimeSocket(installation, spec.name)
      const info = await askHaproxy(path, ['show info'], AbortSignal.timeout(PROBE_MS))
      const value = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(info)?.[1] ?? '?'
      if (!info.includes('Name: HAProxy')) return { ready: false, detail: 'says nothing of itself' }
      const detail = `HAProxy ${value('Version')}, ${value('CurrConns')} connections`
      // Asked to stop, it still finishes requests and is alive.
      return value('Stopping') === '1'
        ? { ready: false, answered: true, detail: 'stops' }
        : { ready: true, detail }
    } catch (error) {
      return { ready: false, detail: `no answer from its runtime socket (${describeError(error)})` }
    }
  },

  // Soft stop: accepts nothing more, finishes requests, and then waits for idle connections, which is what the grace
  // bounds.
  stop: { signal: 'SIGUSR1', graceMs: 10_000 + STOP_MARGIN_MS },
  stopOf: (spec) => ({ signal: 'SIGUSR1', graceMs: settingsOf(spec).served.drainMs + STOP_MARGIN_MS }),
  startDeadlineMs: 30_000,

  // Another address is another set of web servers too, whose addresses come from it; nothing is won by a reload.
  canReload(from, to) {
    const [before, after] = [settingsOf(from), settingsOf(to)]
    return (
      from.engine === to.engine &&
      before.served.host === after.served.host &&
      before.served.port === after.served.port
    )
  },

  async reload(spec, _pid, context) {
    const socketPath = masterSocket(context.installation, spec.name)
    const failed = (reason: string, cause?: unknown): PlatformError =>
      new PlatformError('BALANCER_RELOAD_FAILED', { member: spec.name, reason }, { cause })
    const haproxy = await findHaproxy()
    const ask = (command: string): Promise<string> =>
      askHaproxy(socketPath, [command], AbortSignal.timeout(PROBE_MS))
    const before = await ask('show proc').then(readWorkers, (cause: unknown) => {
      throw failed(describeError(cause), cause)
    })
    await writeConfiguration(spec, haproxy, context)
    // The master becomes its own successor and cannot answer.
    await ask('reload').catch(() => '')
    const endsAtMs = systemClock.monotonic() + RELOAD_MS
    while (systemClock.monotonic() < endsAtMs) {
      await systemClock.sleep(LOOK_MS)
      const now = await ask('show proc').then(readWorkers, (): undefined => undefined)
      if (now === undefined) continue
      if (now.failedReloads > before.failedReloads) throw failed('HAProxy could not start with it')
      if (await hasTakenOver(before, now, socketPath)) return
    }
    throw failed(`no new process served within ${RELOAD_MS} ms`)
  },
}

async function hasTakenOver(before: Workers, now: Workers, socketPath: string): Promise<boolean> {
  if (now.current === undefined || now.current === before.current) return false
  const ask = askHaproxy(socketPath, [`@!${now.current}`, 'show info'], AbortSignal.timeout(PROBE_MS))
  return (await ask.catch(() => '')).includes('Name: HAProxy')
}

/**
 * Visitors come to web processes on this port, and the kernel gives this process some of them as soon as it listens: so
 * it has to know of a server before.
 * @throws BALANCER_NO_SERVER
 */
async function untilServersAreThere(member: string, installation: Installation): Promise<void> {
  const endsAtMs = systemClock.monotonic() + SERVERS_MS
  while (!Object.values(readInService(installation)).some(({ wish }) => wish === 'ready')) {
    if (systemClock.monotonic() >= endsAtMs) throw new PlatformError('BALANCER_NO_SERVER', { member })
    await systemClock.sleep(LOOK_MS)
  }
}

/**
 * Writes the file of `spec` and gives its path. What was there stays until HAProxy has checked the new one.
 * @throws BALANCER_CONFIGURATION_REFUSED, BALANCER_CERTIFICATE_UNREADABLE
 */
async function writeConfiguration(
  spec: MemberSpec,
  haproxy: Haproxy,
  context: MemberContext,
): Promise<string> {
  const settings = settingsOf(spec)
  const { installation } = context
  const file = fileOf(spec, context)
  const input: HaproxyInput = {
    name: spec.name,
    settings,
    inService: readInService(installation),
    certificates: readableCertificates(settings, context),
    runtimeSocket: runtimeSocketName(spec.name),
    maxConnections: possibleConnections(settings, context),
    stickyKey: installationSecret(installation, 'balancer-cookie'),
    account: haproxy.account,
  }
  const mark = `# Checked as ${checkDigest(input, haproxy)}\n`
  const isChecked = existsSync(file) && readFileSync(file, 'utf8').endsWith(mark)
  const next = `${file}.new`
  rmSync(next, { force: true })
  writeFileSync(next, haproxyConfiguration(input) + mark, { mode: 0o600 })
  if (!isChecked) await check(spec.name, haproxy.path, next, socketDirectory(installation, 'run'))
  renameSync(next, file)
  return file
}

/**
 * Of all that HAProxy's check could refuse: what is in service is left out, and changes most often. So a process that
 * was killed is not kept waiting for a check that it has passed.
 */
function checkDigest(input: HaproxyInput, { path, version }: Haproxy): string {
  const files = input.certificates.map((name) => `${name} ${statSync(name).mtimeMs}`)
  return createHash('sha256')
    .update([haproxyConfiguration({ ...input, inService: {} }), path, version, ...files].join('\n'))
    .digest('hex')
}

async function check(member: string, binary: string, file: string, cwd: string): Promise<void> {
  try {
    await run(binary, ['-c', '-f', file], { cwd, env: {}, timeout: CHECK_MS })
  } catch (cause) {
    const { stderr = '' } = cause as { readonly stderr?: string }
    const told = stderr.split('\n').filter((line) => line.startsWith('[ALERT]'))
    const lines = told.length > 0 ? told.slice(0, MAX_REPORTED_LINES) : [describeError(cause)]
    throw new PlatformError('BALANCER_CONFIGURATION_REFUSED', { member, lines }, { cause })
  }
}

/** Absolute paths. @throws BALANCER_CERTIFICATE_UNREADABLE */
function readableCertificates({ balancer, appDir }: HaproxySettings, { log }: MemberContext): string[] {
  return balancer.tlsCertificates.map((name) => {
    const path = resolve(appDir, name)
    try {
      readFileSync(path)
      if ((statSync(path).mode & 0o077) !== 0)
        log.warn(
          { tier: 'balancer', path },
          'other users may read the key of this certificate; `chmod 600` it',
        )
    } catch (cause) {
      throw new PlatformError(
        'BALANCER_CERTIFICATE_UNREADABLE',
        { path, reason: describeError(cause) },
        { cause },
      )
    }
    return path
  })
}

// Listening sockets, checks, the runtime interface, logs.
const OWN_FILES = 100

/** Every visitor's connection needs one of ours to a server, and the limit on open files bounds both together. */
function possibleConnections({ balancer, slots }: HaproxySettings, { log }: MemberContext): number {
  const possible = Math.floor((openFilesLimit() - OWN_FILES - slots.length) / 2)
  if (possible >= balancer.maxConnections) return balancer.maxConnections
  const maxConnections = Math.max(100, possible)
  log.warn(
    { tier: 'balancer', wanted: balancer.maxConnections, maxConnections },
    'the limit on open files (`ulimit -Hn`) leaves room for fewer connections than balancer.maxConnections',
  )
  return maxConnections
}

function openFilesLimit(): number {
  if (process.platform !== 'linux') return Number.POSITIVE_INFINITY
  const [, hard] = /^Max open files\s+\S+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return hard === undefined ? Number.POSITIVE_INFINITY : Number(hard)
}
