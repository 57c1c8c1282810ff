// Links for files that a directory keeps: URLs below `/-/files/` of the site itself, each good for one method, one file
// and a time, and for an upload one media type and one size. What a bucket does with presigned URLs, the web processes do
// here, so an application is the same on both.
//
// Invariant: a link lets in exactly what it was made for. It is signed with HMAC-SHA256 over all that it says, and
// compared in constant time. It carries no secret and says nothing about who uses it: whoever has it may use it.

import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { PlatformError } from '../base/errors.ts'
import type { FileLinks } from './driver.ts'

/** Where the links point to; nothing else of the site begins so. */
export const LINK_PREFIX = '/-/files/'

/** What a link lets in. */
export interface LinkGrant {
  readonly method: 'GET' | 'PUT'
  readonly name: string
  /** Milliseconds since 1970. */
  readonly expiresAtMs: number
  /** Of an upload. */
  readonly contentType?: string
  readonly sizeBytes?: number
}

export interface LinkSigner extends FileLinks {
  /**
   * What the link of `url` (absolute) lets in.
   * @throws FILES_LINK_INVALID when it is forged, changed or expired
   */
  open(url: string): LinkGrant
}

export function linkSigner(secret: string, clock: Clock): LinkSigner {
  const signatureOf = (grant: LinkGrant): string =>
    createHmac('sha256', secret)
      .update(
        JSON.stringify([grant.method, grant.name, grant.expiresAtMs, grant.contentType, grant.sizeBytes]),
      )
      .digest('base64url')
  const urlOf = (grant: LinkGrant): string => {
    const { method, name, expiresAtMs, contentType, sizeBytes } = grant
    const query = new URLSearchParams({ method, expires: String(expiresAtMs) })
    if (contentType !== undefined) query.set('type', contentType)
    if (sizeBytes !== undefined) query.set('size', String(sizeBytes))
    query.set('signature', signatureOf(grant))
    return `${LINK_PREFIX}${name.split('/').map(encodeURIComponent).join('/')}?${query.toString()}`
  }

  return {
    async upload(name, { contentType, sizeBytes, expiresMs }) {
      const expiresAtMs = clock.now() + expiresMs
      const url = urlOf({ method: 'PUT', name, expiresAtMs, contentType, sizeBytes })
      return { url, headers: { 'content-type': contentType } }
    },
    async download(name, { expiresMs }) {
      return urlOf({ method: 'GET', name, expiresAtMs: clock.now() + expiresMs })
    },
    open(url) {
      const { grant, signature } = parse(url)
      const [given, right] = [Buffer.from(signature), Buffer.from(signatureOf(grant))]
      if (given.byteLength !== right.byteLength || !timingSafeEqual(given, right))
        throw refused('its signature is not ours')
      if (grant.expiresAtMs <= clock.now()) throw refused('it has expired')
      return grant
    },
  }
}

function parse(url: string): { readonly grant: LinkGrant; readonly signature: string } {
  const { pathname, searchParams } = new URL(url)
  const [type, size] = [searchParams.get('type'), searchParams.get('size')]
  const grant: LinkGrant = {
    method: searchParams.get('method') === 'PUT' ? 'PUT' : 'GET',
    name: decoded(pathname.slice(LINK_PREFIX.length)),
    expiresAtMs: Number(searchParams.get('expires')),
    ...(type !== null && { contentType: type }),
    ...(size !== null && { sizeBytes: Number(size) }),
  }
  return { grant, signature: searchParams.get('signature') ?? '' }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw refused('its name is not readable')
  }
}

export function refused(problem: string): PlatformError {
  return new PlatformError('FILES_LINK_INVALID', { problem })
}
