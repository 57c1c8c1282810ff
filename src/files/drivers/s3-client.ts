// Requests to one bucket of an S3-compatible store: signed, limited in time, and tried again where that is safe.
//
// Every request that the driver makes may be repeated: it reads, or it writes the same again; a multipart upload that
// was begun twice leaves an empty one behind, which is swept. Signing is aws4fetch's part. The time that goes into a
// signature is the machine's, since the store compares it with its own. The path style (`url/bucket/name`) is what
// every store understands.

import { AwsV4Signer } from 'aws4fetch'
import { backoff } from '../../base/backoff.ts'
import type { Clock } from '../../base/clock.ts'
import { brokenError, isPassing, refusedError } from './s3-error.ts'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface S3Place {
  /** Endpoint without the bucket. */
  readonly url: string
  readonly bucket: string
  readonly region: string
  readonly credentials: S3Credentials
  /** How long the store may stay silent; what is sent to it may take longer, see `SLOWEST_BYTES_PER_MS`. */
  readonly timeoutMs: number
}

export interface S3Request {
  /** For the error: "could not be reached to …". */
  readonly operation: string
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'
  /** Name of the object; without it the request is about the bucket. */
  readonly key?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer> | string
  /** Statuses that are an answer and no failure, besides 2xx. */
  readonly accept?: readonly number[]
  /** The body of a success is left as a stream; every other is read into `text`. */
  readonly streamed?: boolean
  readonly signal?: AbortSignal
}

export interface S3Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: ReadableStream<Uint8Array> | null
}

export interface S3Client {
  /** `https://s3.example.com/bucket`, for messages. */
  readonly root: string
  /** @throws FILES_UNAVAILABLE, FILES_NO_SPACE, FILES_BUCKET_MISSING, FILES_BUCKET_REFUSED; the signal's reason */
  request(ask: S3Request): Promise<S3Answer>
  /** A URL that lets whoever has it make one request, for `expiresSeconds`. The headers must be sent as they are. */
  presign(
    ask: Required<Pick<S3Request, 'method' | 'key'>> & Pick<S3Request, 'query' | 'headers'>,
    expiresSeconds: number,
  ): Promise<string>
}

const ATTEMPTS = 3
const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 2_000
// Nobody sees how far a body has come, so its way is given time by its size: 256 KiB a second.
const SLOWEST_BYTES_PER_MS = 256
// Longer than any answer of S3: a list has at most 1,000 entries.
const TEXT_MAX_BYTES = 8 * 1024 * 1024

export function s3Client({ url, bucket, region, credentials, timeoutMs }: S3Place, clock: Clock): S3Client {
  const root = `${url.replace(/\/+$/, '')}/${bucket}`
  const signing = { ...credentials, service: 's3', region, cache: new Map<string, ArrayBuffer>() }

  const attempt = async (ask: S3Request): Promise<S3Answer> => {
    const { method, headers = {}, body } = ask
    const signed = await new AwsV4Signer({ ...signing, method, url: addressOf(root, ask), headers }).sign()
    const silence = new AbortController()
    const limitMs = timeoutMs + Math.ceil((body?.length ?? 0) / SLOWEST_BYTES_PER_MS)
    const silent = new Error(`no answer within ${limitMs} ms`)
    const cancelTimer = clock.after(limitMs, () => silence.abort(silent))
    const onAbort = (): void => silence.abort(ask.signal!.reason)
    ask.signal?.addEventListener('abort', onAbort, { once: true })
    try {
      ask.signal?.throwIfAborted()
      const response = await fetch(signed.url, {
        method,
        headers: signed.headers,
        // A redirect leads to another host or region, for which the signature is not good.
        redirect: 'manual',
        signal: silence.signal,
        ...(body !== undefined && { body }),
      })
      const kept = ask.streamed === true && response.ok
      const text = kept ? '' : await textOf(response)
      // CompleteMultipartUpload begins its answer before it knows the end of it.
      const status = response.ok && text.includes('<Error>') ? 500 : response.status
      return { status, headers: response.headers, text, body: kept ? response.body : null }
    } finally {
      cancelTimer()
      ask.signal?.removeEventListener('abort', onAbort)
    }
  }

  const request = async (ask: S3Request): Promise<S3Answer> => {
    const delays = backoff({ firstMs: FIRST_DELAY_MS, maxMs: MAX_DELAY_MS, attempts: ATTEMPTS - 1 })
    for (;;) {
      const outcome = await attempt(ask).catch((error: unknown) => ({ error }))
      ask.signal?.throwIfAborted()
      const { value: delayMs } = delays.next()
      if ('error' in outcome) {
        if (delayMs === undefined) throw brokenError(outcome.error, ask.operation, root)
      } else {
        if (isSuccess(outcome.status) || ask.accept?.includes(outcome.status) === true) return outcome
        if (delayMs === undefined || !isPassing(outcome)) throw refusedError(outcome, ask.operation, root)
      }
      await clock.sleep(delayMs, ask.signal)
    }
  }

  return {
    root,
    request,
    async presign({ method, key, query, headers = {} }, expiresSeconds) {
      const address = addressOf(root, { key, query: { ...query, 'X-Amz-Expires': String(expiresSeconds) } })
      const options = { ...signing, method, url: address, headers, signQuery: true, allHeaders: true }
      return (await new AwsV4Signer(options).sign()).url.href
    },
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300
}

/** Encoded as RFC 3986 has it, `+` included, which some stores would read as a space. */
function addressOf(root: string, { key, query = {} }: Pick<S3Request, 'key' | 'query'>): string {
  const path = key === undefined ? '' : `/${key.split('/').map(encodeURIComponent).join('/')}`
  const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return `${root}${path}${search.length === 0 ? '' : `?${search.join('&')}`}`
}

async function textOf(response: Response): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of response.body) {
    text += decoder.decode(chunk, { stream: true })
    if (text.length > TEXT_MAX_BYTES) throw new Error(`an answer longer than ${TEXT_MAX_BYTES} bytes`)
  }
  return text
}
