// The content of one object as it comes from the store. A connection that breaks or falls silent in the middle is taken
// up again where it stopped, for the same version only (If-Match), so a reader sees one version or an error.

import type { Clock } from '../../base/clock.ts'
import type { ResolvedRange } from '../range.ts'

export interface S3BodyOptions {
  readonly bytes: ResolvedRange
  readonly clock: Clock
  /** How long the store may stay silent while the reader waits. */
  readonly timeoutMs: number
  /** The bytes of the same version from `position` on. */
  readonly reopen: (position: number) => Promise<ReadableStream<Uint8Array>>
  /** Turns a foreign error into one of ours. */
  readonly failed: (error: unknown) => unknown
}

const REOPENINGS = 3

/** Owns `first` from now on. */
export function s3Body(
  first: ReadableStream<Uint8Array>,
  options: S3BodyOptions,
): ReadableStream<Uint8Array> {
  const { bytes, clock, timeoutMs, reopen, failed } = options
  let reader = first.getReader()
  let position = bytes.start
  let reopenings = 0
  let isLeft = false

  const next = async (): Promise<Uint8Array> => {
    for (;;) {
      try {
        const { done, value } = await limited(reader.read(), clock, timeoutMs)
        if (done) throw new Error(`the content ended ${bytes.end + 1 - position} bytes early`)
        if (value.byteLength > 0) return value
      } catch (error) {
        reader.cancel(error).catch(() => {})
        if (++reopenings > REOPENINGS) throw failed(error)
        const rest = await reopen(position)
        reader = rest.getReader()
        if (!isLeft) continue
        await reader.cancel()
        throw failed(error)
      }
    }
  }

  return new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        const chunk = position > bytes.end ? undefined : await next()
        position += chunk?.byteLength ?? 0
        if (chunk !== undefined) controller.enqueue(chunk)
        if (position <= bytes.end) return
        controller.close()
        controller.byobRequest?.respond(0)
        // Gives the connection back.
        await reader.cancel().catch(() => {})
      },
      async cancel(reason) {
        isLeft = true
        // Of a connection that is broken already nobody need hear any more.
        await reader.cancel(reason).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

async function limited<T>(work: Promise<T>, clock: Clock, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const cancelTimer = clock.after(timeoutMs, () => reject(new Error(`no content within ${timeoutMs} ms`)))
  try {
    return await Promise.race([work, promise])
  } finally {
    cancelTimer()
  }
}
