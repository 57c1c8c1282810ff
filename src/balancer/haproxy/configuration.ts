// The configuration of one balancer process, as text. Pure and byte-stable: the same arguments give the same bytes, so
// that a difference is a change and the tests can hold whole files (golden/).
//
// Times and sizes are made from the web tier's: what a web server answers itself (408, 413, 431, 503) must come from it
// and not from here, and a connection that is kept between the two must be given up here first.

import { createHmac } from 'node:crypto'
import { parseRoutePattern, routePatternRegex } from '../../base/route-pattern.ts'
import type { UpstreamWish } from '../../base/route.ts'
import type { HaproxySettings, Slot } from '../members.ts'
import { forwardingLines, REQUEST_ID } from './forwarding.ts'
import { peersLines, rateLimitLines } from './rate-limit.ts'
import { refusalLines } from './refusals.ts'
import { bindAddresses, duration, word } from './words.ts'

/** What is so for one slot: its wish, and where the server is when not at the slot's own address. */
export interface SlotState {
  readonly wish: UpstreamWish
  readonly host: string
  readonly port: number
}

export interface HaproxyInput {
  /** The member: `balancer-1`. */
  readonly name: string
  readonly settings: HaproxySettings
  /** By the slot's name; slots without one are out of service. */
  readonly inService: Readonly<Record<string, SlotState>>
  /** Absolute paths of `balancer.tlsCertificates`. */
  readonly certificates: readonly string[]
  /** Name of the runtime socket in the working directory. */
  readonly runtimeSocket: string
  /** Connections that the limit of open files leaves room for. */
  readonly maxConnections: number
  /** Key of the values of the sticky cookie. */
  readonly stickyKey: string
  /** Whom the process that meets the visitors runs as; undefined: the one that starts it. */
  readonly account?: { readonly uid: number; readonly gid: number } | undefined
}

/** The names by which the runtime interface knows the two sections. */
export const FRONTEND = 'visitors'
export const BACKEND = 'web'

const COOKIE = 'pando-server'
// Room for the headers that are added to a request: a few short ones.
const REWRITE_BYTES = 2_048
const HEADERS_MAX = 101
const HEADER_OVERHEAD_BYTES = 16
// A web server that does not answer in time answers 503 itself.
const ANSWER_MARGIN_MS = 5_000
// A server with one thread answers a check when it has done what it was at. Twice this is what the supervisor allows.
const CHECK_TIMEOUT_MS = 5_000
/** How long a process that was replaced by a reload may finish what it has. */
const OLD_WORKER_MS = 15 * 60_000
const OLD_WORKERS = 8

/** The text of the whole file. */
export function haproxyConfiguration(input: HaproxyInput): string {
  const { settings, name } = input
  return [
    `# ${name}. Written by Pando before every start and reload; changes made here are lost.`,
    '',
    ...section('global', globalLines(input)),
    ...section('defaults', defaultsLines(settings)),
    ...peersLines(settings),
    ...redirectSection(settings),
    ...section(`frontend ${FRONTEND}`, frontendLines(input)),
    ...section(`backend ${BACKEND}`, backendLines(input)),
  ].join('\n')
}

function globalLines({ name, settings, runtimeSocket, maxConnections, account }: HaproxyInput): string[] {
  return [
    ...(account === undefined ? [] : [`uid ${account.uid}`, `gid ${account.gid}`]),
    `localpeer ${name}`,
    `maxconn ${maxConnections}`,
    // The lowest number of open files is chosen with the limit in mind; a warning is better than no balancer.
    'no strict-limits',
    `hard-stop-after ${duration(OLD_WORKER_MS)}`,
    `mworker-max-reloads ${OLD_WORKERS}`,
    `stats socket unix@${runtimeSocket} mode 600 level admin`,
    'stats timeout 10s',
    `tune.bufsize ${bufferBytes(settings.served.headersMaxBytes)}`,
    `tune.maxrewrite ${REWRITE_BYTES}`,
    'log stdout len 2048 format raw daemon info',
    'ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets',
    // Mozilla's "intermediate" (https://wiki.mozilla.org/Security/Server_Side_TLS), version 5.7.
    'ssl-default-bind-ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305',
    'ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256',
  ]
}

/**
 * Room for the web tier's limit of headers, so that its own 431 comes before HAProxy's 400: inside, each of at most 101
 * headers (tune.http.maxhdr) takes some bytes more than on the line. Not larger than it must be: a request that may be
 * repeated is copied with its whole buffer, and at 68 KiB that was a quarter of HAProxy's CPU time
 * (bench/balancer-overhead.ts). A body that is to be repeated must fit the same buffer.
 */
function bufferBytes(headersMaxBytes: number): number {
  const needed = headersMaxBytes + HEADERS_MAX * HEADER_OVERHEAD_BYTES + REWRITE_BYTES
  return Math.ceil(needed / 16) * 16
}

function defaultsLines({ balancer, served }: HaproxySettings): string[] {
  const answerMs = served.answerTimeoutMs + ANSWER_MARGIN_MS
  return [
    'mode http',
    'log global',
    'option dontlognull',
    'option dontlog-normal',
    // No query, no header and no cookie: they may hold what is secret.
    `log-format 'request: status=%ST flags=%tsc method=%HM path=%{+Q}HP server=%s retries=%rc waitMs=%Tw answerMs=%Tr totalMs=%Ta address=%ci requestId=%ID'`,
    `unique-id-format ${REQUEST_ID}`,
    'option http-ignore-probes',
    // A visitor who goes away is gone for the web server as well, at once.
    'option abortonclose',
    // Without it an event of 30 bytes came 220 ms late, with it after 1 ms: HAProxy waits for more to fill a packet.
    'option http-no-delay',
    'option idle-close-on-response',
    `timeout http-request ${duration(served.headersTimeoutMs)}`,
    `timeout http-keep-alive ${duration(balancer.keepAliveMs)}`,
    `timeout client ${duration(Math.max(served.requestTimeoutMs, answerMs))}`,
    'timeout client-fin 10s',
    'timeout connect 1s',
    `timeout queue ${duration(balancer.queueTimeoutMs)}`,
    `timeout server ${duration(answerMs)}`,
    'timeout server-fin 10s',
    `timeout tunnel ${duration(balancer.tunnelTimeoutMs)}`,
    `timeout check ${duration(CHECK_TIMEOUT_MS)}`,
    ...refusalLines(),
  ]
}

function redirectSection({ balancer, served }: HaproxySettings): string[] {
  if (balancer.tlsCertificates.length === 0 || balancer.tlsRedirectPort === 0) return []
  const port = served.port === 443 ? '' : `:${served.port}`
  return section('frontend redirect', [
    ...bindAddresses(served.host, balancer.tlsRedirectPort).map((address) => `bind ${address}`),
    // 308 keeps the method and the body (RFC 9110 §15.4.9).
    `http-request redirect code 308 location https://%[req.hdr(host),host_only]${port}%[pathq]`,
  ])
}

function frontendLines({ name, settings, certificates }: HaproxyInput): string[] {
  const { balancer, served } = settings
  const isTls = certificates.length > 0
  const tls = isTls
    ? ` ssl ${certificates.map((path) => `crt ${word(path)}`).join(' ')} alpn h2,http/1.1`
    : ''
  return [
    ...bindAddresses(served.host, served.port).map((address) => `bind ${address}${tls}`),
    ...forwardingLines(balancer, { scheme: isTls ? 'https' : 'http' }),
    ...rateLimitLines(settings, name),
    `default_backend ${BACKEND}`,
  ]
}

function backendLines(input: HaproxyInput): string[] {
  const { settings, certificates } = input
  const { balancer } = settings
  return [
    // Of requests the frontend tells; of servers HAProxy tells on standard error already.
    'no log',
    `balance ${balancer.algorithm}`,
    ...(balancer.sticky === 'cookie'
      ? [
          `cookie ${COOKIE} insert indirect nocache httponly${certificates.length > 0 ? ' secure' : ''} attr SameSite=Lax`,
        ]
      : []),
    'option redispatch 1',
    // Once: a request that ends its server's process would end as many as it is tried on.
    'retries 1',
    // No status: a 503 of a web server says that it has too much already, and a 502 may be the application's own. No
    // timeout: what kept a server busy for minutes would be given to the next one.
    'retry-on conn-failure empty-response',
    // The web server's own time, much longer than the balancer keeps a visitor's connection.
    'http-response del-header keep-alive',
    ...repeatLines(settings),
    'option httpchk',
    'http-check send meth GET uri /-/ready ver HTTP/1.1 hdr host localhost',
    'http-check expect status 200',
    `default-server ${serverDefaults(settings)}`,
    ...settings.slots.map((slot) => serverLine(slot, input)),
  ]
}

/** Which requests may be sent again to another server when one dies with them: nothing else is. */
function repeatLines({ idempotent, served }: HaproxySettings): string[] {
  const routes = [...new Set(idempotent)].toSorted().map(parseRoutePattern)
  const methods = [...new Set(routes.map(({ method }) => method))]
  return [
    'acl is-safe method GET HEAD OPTIONS',
    ...methods.map((method) => `acl is-${method} method ${method}`),
    ...routes.map((route) => `acl is-declared-${route.method} path -m reg ${routePatternRegex(route)}`),
    ...methods.map(
      (method) => `http-request set-var(txn.declared) bool(true) if is-${method} is-declared-${method}`,
    ),
    // Repeated is what stands in the buffer, so the body must be there. One that does not fit is passed on unrepeated.
    ...(routes.length === 0
      ? ['http-request disable-l7-retry unless is-safe']
      : [
          `http-request wait-for-body time ${duration(served.requestTimeoutMs)} if { var(txn.declared) -m bool }`,
          'http-request disable-l7-retry unless is-safe or { var(txn.declared) -m bool }',
        ]),
  ]
}

// Below this, a connection may be given up by the web server in the moment that it is used here again.
const LEAST_KEPT_MS = 60_000
// Each process checks each web server by a connection of its own, and the next one may come before the last is gone.
const CHECK_CONNECTIONS = 2

function serverDefaults({ balancer, served }: HaproxySettings): string {
  const { checkEveryMs, processes } = balancer
  const { keepAliveMs, maxConnections } = served
  const fastMs = Math.min(200, checkEveryMs)
  const isKept = keepAliveMs === 0 || keepAliveMs >= LEAST_KEPT_MS
  const ownConnections = maxConnections / processes - CHECK_CONNECTIONS
  const half = Math.max(1, Math.floor(ownConnections / 2))
  return [
    `check inter ${duration(checkEveryMs)} fastinter ${duration(fastMs)} downinter ${duration(Math.min(500, checkEveryMs))}`,
    'rise 1 fall 2',
    // A refused connection brings the next check at once, and checks alone decide: a server that is only busy stays.
    'observe layer4 error-limit 1 on-error fastinter',
    // A web server closes what is beyond its limit, the checks too, and would be taken for dead in the moment of the most
    // visitors. Idle connections do not count in `maxconn`, so each kind has a half; requests beyond it wait here, for
    // `queueTimeoutMs`.
    `maxconn ${half}`,
    isKept ? `pool-max-conn ${half} pool-purge-delay 2s` : 'pool-max-conn 0',
  ].join(' ')
}

function serverLine(slot: Slot, { settings, inService, stickyKey }: HaproxyInput): string {
  const state = inService[slot.name]
  const { host, port } = state ?? slot
  const wish = state?.wish ?? 'out'
  // The configuration cannot say `drain`; a weight of 0 does the same until the router says it.
  const admin = { ready: ' weight 1', drain: ' weight 0', out: ' weight 1 disabled' }[wish]
  const cookie = settings.balancer.sticky === 'cookie' ? ` cookie ${cookieValue(slot.name, stickyKey)}` : ''
  return `server ${slot.name} ${word(`${host}:${port}`)}${cookie}${admin}`
}

/** The same for a name as long as the key is; says nothing of the server. */
function cookieValue(name: string, key: string): string {
  return createHmac('sha256', key).update(name).digest('hex').slice(0, 16)
}

function section(title: string, lines: readonly string[]): string[] {
  return [title, ...lines.map((line) => `    ${line}`), '']
}
