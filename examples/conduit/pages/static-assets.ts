// Style sheet, script and pictures. Their addresses contain the hash of their content, so a browser may keep them for
// ever and a new version has a new address. Read once, at start: together they are a few tens of kilobytes.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Hono } from 'hono'

const TYPES = {
  'conduit.css': 'text/css; charset=utf-8',
  'conduit.js': 'text/javascript; charset=utf-8',
  'default-avatar.svg': 'image/svg+xml',
  'favicon.svg': 'image/svg+xml',
} as const

export type AssetName = keyof typeof TYPES

interface Asset {
  readonly content: Uint8Array<ArrayBuffer>
  readonly type: string
  readonly hash: string
}

const ASSETS: ReadonlyMap<string, Asset> = new Map(
  Object.entries(TYPES).map(([name, type]) => {
    const content = new Uint8Array(readFileSync(new URL(`../assets/${name}`, import.meta.url)))
    const hash = createHash('sha256').update(content).digest('base64url').slice(0, 12)
    return [name, { content, type, hash }]
  }),
)

/** The address of an asset: `/assets/<hash>/conduit.css`. The name stays last, so that it can be recognised. */
export function asset(name: AssetName): string {
  return `/assets/${ASSETS.get(name)!.hash}/${name}`
}

/** Serves them. Another version's address, asked for while servers are being replaced, gets this one, not kept. */
export function staticAssets(): Hono {
  return new Hono().get('/assets/:hash/:name', (c) => {
    const found = ASSETS.get(c.req.param('name'))
    if (found === undefined) return c.notFound()
    const isCurrent = c.req.param('hash') === found.hash
    return c.body(found.content, 200, {
      'content-type': found.type,
      'content-length': String(found.content.byteLength),
      'cache-control': isCurrent ? 'public, max-age=31536000, immutable' : 'no-store',
      'x-content-type-options': 'nosniff',
      // An SVG opened by itself is a document; it gets no rights.
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    })
  })
}
