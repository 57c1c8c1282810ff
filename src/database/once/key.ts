// What makes two calls of `once` the same. Pure.
//
// Nobody who has credentials shares a key with another visitor: the digest that a result is stored under covers the
// credentials, the method and the path of the request, or the scope that the application names. Visitors without any are
// told apart by their keys alone. Only digests are stored, so neither keys nor credentials can be read from the table.

import { createHash } from 'node:crypto'
import type { RequestContext } from '../../base/context.ts'
import { PlatformError } from '../../base/errors.ts'
import type { OnceOptions } from '../database.ts'

export interface OnceKey {
  /** SHA-256 of what a repetition has in common with the first time. */
  readonly digest: Buffer
  /** SHA-256 of what the key may be used for. */
  readonly fingerprint: Buffer
  /** Where the key comes from, for messages: `The Idempotency-Key header`. */
  readonly from: string
  /** Taken from the request, and so good for one call in it. */
  readonly ofRequest: boolean
}

type Identified = Pick<RequestContext, 'requestId' | 'method' | 'url' | 'header'>

const HEADER = 'idempotency-key'
const KEY_MAX_CHARACTERS = 255
// A string of RFC 9651 §3.3.3, as draft-ietf-httpapi-idempotency-key-header-07 §2.1 wants it; and the same without
// quotes, as many clients send it.
const QUOTED = /^"((?:[\x20\x21\x23-\x5B\x5D-\x7E]|\\["\\])*)"$/
const BARE = /^[\x21\x23-\x2B\x2D-\x3A\x3C-\x5B\x5D-\x7E]+$/
const MULTIPART = /^multipart\//i
// RFC 2046 §5.1.1.
const BOUNDARY = /;\s*boundary=("[^"]*"|[^;\s]*)/i
const VISIBLE = /^[\x21-\x7E]+$/

/**
 * The key of a call. `request` is the one that it runs for.
 * @throws DATABASE_ONCE_KEY_MISSING, DATABASE_ONCE_KEY_INVALID
 */
export function onceKeyOf(request: Identified | undefined, options: OnceOptions): OnceKey {
  const { key, scope, content } = options
  if (key !== undefined) return explicitKey(request, key, scope, content)
  if (request === undefined)
    throw new PlatformError('DATABASE_ONCE_KEY_MISSING', { reason: 'it runs for no request' })
  const [path, query = ''] = splitOnce(request.url, '?')
  const where = [scope ?? credentialsOf(request), request.method, path]
  const fingerprint = digestOf([query, ...formOf(request, content), jsonOf(content)])
  const header = request.header(HEADER)
  if (header !== undefined)
    return {
      digest: digestOf(['header', ...where, keyOfHeader(header)]),
      fingerprint,
      from: 'The Idempotency-Key header',
      ofRequest: true,
    }
  // Without a balancer, ids are taken from clients, and some send one id with several requests: those are told apart by
  // what they ask for and not refused.
  return {
    digest: digestOf(['request', ...where, request.requestId, fingerprint.toString('base64')]),
    fingerprint,
    from: 'The id of the request',
    ofRequest: true,
  }
}

function explicitKey(
  request: Identified | undefined,
  key: string,
  scope: string | undefined,
  content: unknown,
): OnceKey {
  const from = 'The `key` given to `database.once`'
  const wellFormed = key.length <= KEY_MAX_CHARACTERS && VISIBLE.test(key)
  if (!wellFormed) throw invalid(from, 'it is not 1 to 255 visible ASCII characters')
  const where =
    scope !== undefined || request === undefined
      ? ['scope', scope ?? '']
      : ['visitor', credentialsOf(request), request.method, splitOnce(request.url, '?')[0]]
  return {
    digest: digestOf(['key', ...where, key]),
    fingerprint: digestOf([jsonOf(content)]),
    from,
    ofRequest: false,
  }
}

function credentialsOf(request: Identified): string {
  return JSON.stringify([request.header('authorization') ?? '', request.header('cookie') ?? ''])
}

/**
 * Type and length of the body, as far as a repetition has the same. A form's boundary is made anew each time that a client
 * sends it, in Firefox of another length too.
 */
function formOf(request: Identified, content: unknown): readonly [string, string] {
  const type = request.header('content-type') ?? ''
  const length = request.header('content-length') ?? ''
  if (!MULTIPART.test(type)) return [type, length]
  return [type.replace(BOUNDARY, ''), content === undefined ? length : '']
}

function keyOfHeader(header: string): string {
  const key = BARE.test(header) ? header : QUOTED.exec(header)?.[1]?.replaceAll(/\\(["\\])/g, '$1')
  if (key === undefined || key === '' || key.length > KEY_MAX_CHARACTERS)
    throw invalid('The Idempotency-Key header', 'it is not 1 to 255 visible ASCII characters')
  return key
}

function jsonOf(content: unknown): string {
  return JSON.stringify(content) ?? ''
}

// As JSON, so that no part can run over into the next.
function digestOf(parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest()
}

function splitOnce(text: string, separator: string): [string, string?] {
  const at = text.indexOf(separator)
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

function invalid(from: string, problem: string): PlatformError {
  return new PlatformError('DATABASE_ONCE_KEY_INVALID', { from, problem })
}
