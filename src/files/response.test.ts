import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { PlatformError } from '../base/errors.ts'
import { filesOn } from './open.ts'
import { resolveRange } from './range.ts'
import { fileResponse } from './response.ts'
import type { FileDriver } from './driver.ts'
import type { FileInfo } from './files.ts'

const MODIFIED = new Date('2026-03-04T05:06:07.890Z')

/** A driver that keeps objects in memory, for rules about HTTP that need no disk. */
function inMemory(): FileDriver {
  const objects = new Map<string, { info: FileInfo; content: Uint8Array<ArrayBuffer> }>()
  return {
    capabilities: { shared: false, durable: false, deletesOnce: true },
    async put(name, content, contentType) {
      const bytes = new Uint8Array(Buffer.concat(await Array.fromAsync(content)))
      const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
      const info = { name, sizeBytes: bytes.byteLength, contentType, etag, modifiedAt: MODIFIED }
      objects.set(name, { info, content: bytes })
      return info
    },
    async get(name, range) {
      const found = objects.get(name)
      if (found === undefined) return undefined
      const { info, content } = found
      if (range === undefined) return { ...info, body: new Blob([content]).stream() }
      const selected = resolveRange(range, content.byteLength)
      const details = { name, range: 'asked', sizeBytes: content.byteLength }
      if (selected === undefined) throw new PlatformError('FILES_RANGE_INVALID', details)
      const part = content.slice(selected.start, selected.end + 1)
      return { ...info, range: selected, body: new Blob([part]).stream() }
    },
    head: async (name) => objects.get(name)?.info,
    delete: async (name) => objects.delete(name),
    close: async () => {},
    async [Symbol.asyncDispose]() {},
  }
}

const files = filesOn(inMemory(), { maxBytes: 1_000 })
const { etag } = await files.put('digits.txt', Buffer.from('0123456789'), { contentType: 'text/plain' })

async function ask(
  headers: Record<string, string> = {},
  { method = 'GET', name = 'digits.txt' } = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const response = await fileResponse(files, name, new Request('http://x/', { method, headers }))
  return { status: response.status, headers: response.headers, text: await response.text() }
}

describe('a response with a file', () => {
  test('has its content, type, length, validators, and takes ranges', async () => {
    const { status, headers, text } = await ask()

    expect([status, text]).toEqual([200, '0123456789'])
    expect(Object.fromEntries(headers)).toEqual({
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-cache',
      'content-disposition': 'inline; filename="digits.txt"',
      'content-length': '10',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      'content-type': 'text/plain',
      etag,
      'last-modified': 'Wed, 04 Mar 2026 05:06:07 GMT',
      'x-content-type-options': 'nosniff',
    })
  })

  test('to HEAD has the same headers as to GET and no content', async () => {
    const get = await ask()
    const head = await ask({ range: 'bytes=0-1' }, { method: 'HEAD' })

    expect([head.status, head.text]).toEqual([200, ''])
    expect([...head.headers]).toEqual([...get.headers])
  })

  test('to any other method is 405 and names the two that work', async () => {
    const { status, headers } = await ask({}, { method: 'POST' })

    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  test.each(['absent', '../etc/passwd', '', 'a\0b', 'a//b'])('is 404 for the name %j', async (name) => {
    expect((await ask({}, { name })).status).toBe(404)
    expect((await ask({}, { name, method: 'HEAD' })).status).toBe(404)
    expect((await ask({ range: 'bytes=0-' }, { name })).status).toBe(404)
  })
})

describe('a request for a range', () => {
  test.each([
    ['bytes=2-4', '234', 'bytes 2-4/10'],
    ['bytes=7-', '789', 'bytes 7-9/10'],
    ['bytes=-2', '89', 'bytes 8-9/10'],
    ['bytes=0-999', '0123456789', 'bytes 0-9/10'],
  ])('%s gets 206 with that part', async (range, part, contentRange) => {
    const { status, headers, text } = await ask({ range })

    expect([status, text]).toEqual([206, part])
    expect(headers.get('content-range')).toBe(contentRange)
    expect(headers.get('content-length')).toBe(String(part.length))
  })

  test('behind the end gets 416 with the size', async () => {
    const { status, headers } = await ask({ range: 'bytes=10-' })

    expect([status, headers.get('content-range')]).toEqual([416, 'bytes */10'])
  })

  test.each(['bytes=4-2', 'items=0-1', 'bytes=0-1,4-5', 'nonsense'])('%s gets everything', async (range) => {
    const { status, text } = await ask({ range })

    expect([status, text]).toEqual([200, '0123456789'])
  })

  test('counts while If-Range names this version, and gets everything otherwise', async () => {
    const same = await ask({ range: 'bytes=0-1', 'if-range': etag })
    const changed = await ask({ range: 'bytes=0-1', 'if-range': '"another"' })
    const weak = await ask({ range: 'bytes=0-1', 'if-range': `W/${etag}` })
    const changedBehindEnd = await ask({ range: 'bytes=50-', 'if-range': '"another"' })

    expect([same.status, same.text]).toEqual([206, '01'])
    expect([changed.status, weak.status, changedBehindEnd.status]).toEqual([200, 200, 200])
  })
})

describe('a conditional request', () => {
  test.each([
    { condition: { 'if-none-match': etag }, status: 304 },
    { condition: { 'if-none-match': `"x", W/${etag}` }, status: 304 },
    { condition: { 'if-none-match': '*' }, status: 304 },
    { condition: { 'if-none-match': '"x"' }, status: 200 },
    { condition: { 'if-modified-since': 'Wed, 04 Mar 2026 05:06:07 GMT' }, status: 304 },
    { condition: { 'if-modified-since': 'Wed, 04 Mar 2026 05:06:06 GMT' }, status: 200 },
    { condition: { 'if-modified-since': 'yesterday' }, status: 200 },
    {
      condition: { 'if-none-match': '"x"', 'if-modified-since': 'Wed, 04 Mar 2026 05:06:07 GMT' },
      status: 200,
    },
    { condition: { 'if-match': etag }, status: 200 },
    { condition: { 'if-match': '"x"' }, status: 412 },
    { condition: { 'if-match': `W/${etag}` }, status: 412 },
    { condition: { 'if-unmodified-since': 'Wed, 04 Mar 2026 05:06:06 GMT' }, status: 412 },
    { condition: { 'if-none-match': etag, range: 'bytes=50-' }, status: 304 },
    { condition: { 'if-none-match': etag, range: 'bytes=0-1' }, status: 304 },
  ])('$condition gets $status', async ({ condition, status }) => {
    const answer = await ask(condition)

    expect(answer.status).toBe(status)
  })

  test('that is answered with 304 has the validator and no content', async () => {
    const { headers, text } = await ask({ 'if-none-match': etag })

    expect([text, headers.get('etag'), headers.get('content-length')]).toEqual(['', etag, null])
  })
})

describe('what a visitor uploaded', () => {
  test.each([
    'text/html',
    'image/svg+xml',
    'application/xhtml+xml',
    'text/xml',
    'application/pdf',
    'text/javascript',
    'application/octet-stream',
    'Text/HTML; charset=utf-8',
  ])('as %s is downloaded and never shown', async (contentType) => {
    await files.put('upload', Buffer.from('<script>alert(1)</script>'), { contentType })

    const { headers } = await ask({}, { name: 'upload' })

    expect(headers.get('content-disposition')).toBe('attachment; filename="upload"')
    expect(headers.get('content-security-policy')).toContain('sandbox')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test.each(['image/png', 'image/webp', 'video/mp4', 'text/plain; charset=utf-8', 'IMAGE/JPEG'])(
    'as %s is shown',
    async (contentType) => {
      await files.put('upload', Buffer.from('x'), { contentType })

      const { headers } = await ask({}, { name: 'upload' })

      expect(headers.get('content-disposition')).toBe('inline; filename="upload"')
    },
  )

  test('is saved under a name that cannot add a header or a parameter', async () => {
    const request = new Request('http://x/')
    const options = { downloadName: 'é"; filename=evil.exe\r\nx: y/\ud800' }

    const response = await fileResponse(files, 'digits.txt', request, options)

    expect(response.headers.get('content-disposition')).toBe(
      `inline; filename="___ filename_evil.exe__x_ y__"; filename*=UTF-8''%C3%A9%22%3B%20filename%3Devil.exe%0D%0Ax%3A%20y%2F%EF%BF%BD`,
    )
  })
})
