// Who the visitor is, in the headers that the web servers read. What a visitor wrote in them is removed; what a trusted
// proxy wrote is kept. So the web servers may believe every one of them. The host and its port stand in `host` as ever, and
// are not said a second time.
//
// Also the request's id: made here for every request, once, so that a repetition on another server has the same one.

import type { BalancerSettings } from '../config.ts'
import { word } from './words.ts'

/**
 * A random UUID (RFC 9562 §5.4), another for every request. HAProxy's generator is seeded by the system and not made for
 * secrets, and an id is none: it tells requests apart, and nobody can choose one.
 */
export const REQUEST_ID = '%[uuid]'

/** Lines of the section `frontend` in which every request begins. `scheme` is what the visitor speaks. */
export function forwardingLines(
  { trustedProxies, rateLimitRequests }: Pick<BalancerSettings, 'trustedProxies' | 'rateLimitRequests'>,
  served: { readonly scheme: 'http' | 'https' },
): string[] {
  const hasTrusted = trustedProxies.length > 0
  const unlessTrusted = hasTrusted ? ' unless trusted' : ''
  const { scheme } = served
  return [
    ...[...new Set(trustedProxies)].toSorted().map((network) => `acl trusted src ${word(network)}`),
    // The visitor's address; a proxy's own only where it named none.
    ...(hasTrusted || rateLimitRequests > 0 ? ['http-request set-var(txn.address) src'] : []),
    ...(hasTrusted
      ? [
          'http-request set-var(txn.address) req.hdr_ip(x-forwarded-for,-1) if trusted { req.hdr_ip(x-forwarded-for,-1) -m found }',
        ]
      : []),
    `http-request del-header x-forwarded- -m beg${unlessTrusted}`,
    `http-request del-header forwarded${unlessTrusted}`,
    // Several lines of one header become one, or a server that reads only one of them would see another chain. It ends on
    // the visitor and not on the proxy: the last address is the one that web servers read.
    ...(hasTrusted
      ? [
          'http-request set-header x-forwarded-for %[req.fhdr(x-forwarded-for)] if { req.hdr_ip(x-forwarded-for,-1) -m found }',
          // Some proxies write the visitor's port too.
          'http-request set-header x-forwarded-for %[var(txn.address)] unless { req.hdr_ip(x-forwarded-for,-1) -m found } !{ req.hdr(x-forwarded-for,-1) -m reg ^[0-9.]+:[0-9]+$ }',
          // The last value is the trusted proxy's own.
          'http-request set-header x-forwarded-proto %[req.hdr(x-forwarded-proto,-1),lower] if { req.hdr(x-forwarded-proto,-1) -i http https }',
          `http-request set-header x-forwarded-proto ${scheme} unless { req.hdr(x-forwarded-proto,-1) -i http https }`,
        ]
      : [
          'http-request add-header x-forwarded-for %[src]',
          `http-request add-header x-forwarded-proto ${scheme}`,
        ]),
    `http-request set-header x-request-id %[unique-id]${
      hasTrusted
        ? ' unless trusted { req.fhdr_cnt(x-request-id) 1 } { req.fhdr(x-request-id) -m reg ^[A-Za-z0-9_.:-]{1,64}$ }'
        : ''
    }`,
  ]
}
