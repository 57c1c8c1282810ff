// Requests of one address in a window, over all balancer processes.
//
// HAProxy's peers do not add: what a process learns of an entry replaces what it counted. So every process counts in a
// table of its own, gets the tables of the others by the peers protocol, and sums up when it decides. An address of
// IPv6 stands for its /64, which is what one visitor has (RFC 6177).

import type { HaproxySettings } from '../members.ts'
import { balancerNames } from '../members.ts'
import { tooManyRequests } from './refusals.ts'
import { duration, word } from './words.ts'

/** Addresses remembered at once in each table; beyond it the oldest is forgotten. About 10 MB. */
const MAX_ADDRESSES = 100_000

const KEY = 'var(txn.address),ipmask(32,64)'

/** The section `peers` and its tables; nothing without a limit. */
export function peersLines(settings: HaproxySettings): string[] {
  const { balancer } = settings
  if (balancer.rateLimitRequests === 0) return []
  const window = duration(balancer.rateLimitWindowMs)
  const names = balancerNames(balancer)
  return [
    'peers balancers',
    ...names.map((name, index) => `    peer ${name} ${peerAddress(settings, index)}`),
    ...names.map(
      (name) =>
        `    table ${name} type ipv6 size ${MAX_ADDRESSES} expire ${window} store http_req_rate(${window})`,
    ),
    '',
  ]
}

/** Lines of the section `frontend`, behind those that know the address. */
export function rateLimitLines({ balancer }: HaproxySettings, own: string): string[] {
  if (balancer.rateLimitRequests === 0) return []
  const others = balancerNames(balancer).filter((name) => name !== own)
  return [
    `http-request track-sc0 ${KEY} table balancers/${own}`,
    'http-request set-var(txn.rate) sc0_http_req_rate',
    ...others.map(
      (name) => `http-request set-var(txn.rate) ${KEY},table_http_req_rate(balancers/${name}),add(txn.rate)`,
    ),
    `http-request ${tooManyRequests(balancer.rateLimitWindowMs)} if { var(txn.rate) -m int gt ${balancer.rateLimitRequests} }`,
  ]
}

/** Beside the web servers' addresses, which end on 1 to 64. */
function peerAddress({ slots }: HaproxySettings, index: number): string {
  const { host, port } = slots[0]!
  return word(`${host.replace(/\d+$/, String(254 - index))}:${port}`)
}
