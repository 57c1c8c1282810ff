// A stored file as an HTTP response, safe to serve from the application's own origin although a visitor uploaded it.
//
// Invariant: nothing served here can run script as the site. The browser may not guess another type (nosniff), shows
// inline only types that cannot carry script, downloads the rest, and runs whatever it opens nevertheless in a sandbox
// without an origin (Content-Security-Policy). Who may see which file is the application's decision, made before.

import { isPlatformError } from '../base/errors.ts'
import { contentDisposition } from './content-disposition.ts'
import type { ByteRange, FileInfo, Files, StoredFile } from './files.ts'
import { evaluatePreconditions, rangeApplies } from './preconditions.ts'
import { parseRangeHeader } from './range.ts'

export interface FileResponseOptions {
  /**
   * The Cache-Control header. Default `private, no-cache`: the visitor's browser may keep the file and asks each time
   * whether it is still the same. For names that are never used again, `public, max-age=31536000, immutable`.
   */
  readonly cacheControl?: string
  /** The name under which a browser saves the file. Default: the last segment of the file's name. */
  readonly downloadName?: string
}

/**
 * Answers `request` with the file `name`: 200, 206 for one range, 304, 404 (for names that are not legal too), 405 for
 * methods other than GET and HEAD, 412, or 416. Headers and body are of one version of the file.
 * @throws FILES_DAMAGED, FILES_UNAVAILABLE, FILES_CLOSED
 */
export async function fileResponse(
  files: Files,
  name: string,
  request: Request,
  options: FileResponseOptions = {},
): Promise<Response> {
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return plain(405, 'Method Not Allowed', { allow: 'GET, HEAD' })
  try {
    // Range is defined for GET alone (RFC 9110 §14.2).
    if (request.method === 'HEAD') return answerHead(request, await files.head(name), options)
    const range = parseRangeHeader(request.headers.get('range'))
    return range === undefined
      ? await answerWhole(request, await files.get(name), options)
      : await answerRange(files, name, range, request, options)
  } catch (error) {
    if (isPlatformError(error, 'FILES_NAME_INVALID')) return notFound()
    throw error
  }
}

async function answerRange(
  files: Files,
  name: string,
  range: ByteRange,
  request: Request,
  options: FileResponseOptions,
): Promise<Response> {
  const part = await getRange(files, name, range)
  if (part === 'unsatisfiable') {
    const whole = await files.get(name)
    if (whole === undefined || !rangeApplies(request.headers, whole))
      return answerWhole(request, whole, options)
    await whole.body.cancel()
    return withoutContent(request, whole, options) ?? unsatisfiable(whole)
  }
  if (part !== undefined && !rangeApplies(request.headers, part)) {
    await part.body.cancel()
    return answerWhole(request, await files.get(name), options)
  }
  return answerWhole(request, part, options)
}

async function getRange(
  files: Files,
  name: string,
  range: ByteRange,
): Promise<StoredFile | 'unsatisfiable' | undefined> {
  try {
    return await files.get(name, range)
  } catch (error) {
    if (isPlatformError(error, 'FILES_RANGE_INVALID')) return 'unsatisfiable'
    throw error
  }
}

/** Sends what was got, the part of it that was asked for included. */
async function answerWhole(
  request: Request,
  file: StoredFile | undefined,
  options: FileResponseOptions,
): Promise<Response> {
  if (file === undefined) return notFound()
  const early = withoutContent(request, file, options)
  if (early !== undefined) {
    await file.body.cancel()
    return early
  }
  const headers = headersOf(file, options)
  const { range, sizeBytes } = file
  headers.set('content-length', String(range === undefined ? sizeBytes : range.end - range.start + 1))
  if (range === undefined) return new Response(file.body, { status: 200, headers })
  headers.set('content-range', `bytes ${range.start}-${range.end}/${sizeBytes}`)
  return new Response(file.body, { status: 206, headers })
}

function answerHead(request: Request, file: FileInfo | undefined, options: FileResponseOptions): Response {
  if (file === undefined) return notFound()
  const early = withoutContent(request, file, options)
  if (early !== undefined) return early
  const headers = headersOf(file, options)
  headers.set('content-length', String(file.sizeBytes))
  return new Response(null, { status: 200, headers })
}

/** The answer that the request's conditions call for instead of the content, if they do. */
function withoutContent(
  request: Request,
  file: FileInfo,
  options: FileResponseOptions,
): Response | undefined {
  const verdict = evaluatePreconditions(request.headers, file)
  if (verdict === 'send') return undefined
  if (verdict === 'precondition-failed') return plain(412, 'Precondition Failed')
  return new Response(null, { status: 304, headers: headersOf(file, options) })
}

// Types that browsers show and that have no way to carry script. SVG, HTML, XML and PDF can; an `<img>` shows an SVG
// all the same, because it heeds neither header.
const INLINE_TYPES: ReadonlySet<string> = new Set([
  'audio/mp4',
  'audio/mpeg',
  'audio/ogg',
  'audio/wav',
  'audio/webm',
  'image/avif',
  'image/gif',
  'image/jpeg',
  'image/png',
  'image/webp',
  'text/plain',
  'video/mp4',
  'video/ogg',
  'video/webm',
])

function headersOf(file: FileInfo, options: FileResponseOptions): Headers {
  const essence = file.contentType.split(';', 1)[0]!.trim()
  const disposition = INLINE_TYPES.has(essence) ? 'inline' : 'attachment'
  const downloadName = options.downloadName ?? file.name.split('/').at(-1)!
  return new Headers({
    'accept-ranges': 'bytes',
    'cache-control': options.cacheControl ?? 'private, no-cache',
    'content-disposition': contentDisposition(disposition, downloadName),
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    'content-type': file.contentType,
    etag: file.etag,
    'last-modified': file.modifiedAt.toUTCString(),
    'x-content-type-options': 'nosniff',
  })
}

function unsatisfiable(file: FileInfo): Response {
  return plain(416, 'Range Not Satisfiable', { 'content-range': `bytes */${file.sizeBytes}` })
}

function notFound(): Response {
  return plain(404, 'Not Found')
}

function plain(status: number, text: string, headers: Record<string, string> = {}): Response {
  const fixed = { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' }
  return new Response(`${text}\n`, { status, headers: { ...headers, ...fixed } })
}
