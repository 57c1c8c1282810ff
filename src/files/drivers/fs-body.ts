// The content of one open object file as a stream: at most one chunk is read ahead of the reader, and the descriptor is
// closed with the last byte, on cancel, and on failure.

import type { FileHandle } from 'node:fs/promises'
import type { ResolvedRange } from '../range.ts'

export const CHUNK_BYTES: number = 64 * 1024

/** Streams `range` of `handle` and owns the handle from now on. `failed` turns a foreign error into one of ours. */
export function streamBody(
  handle: FileHandle,
  { start, end }: ResolvedRange,
  failed: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  let position = start
  return new ReadableStream(
    {
      type: 'bytes',
      async pull(controller) {
        try {
          const wanted = Math.min(CHUNK_BYTES, end + 1 - position)
          const chunk = await readFully(handle, wanted, position)
          position += chunk.byteLength
          const isLast = position > end
          if (isLast) await handle.close()
          controller.enqueue(chunk)
          if (isLast) controller.close()
        } catch (error) {
          await handle.close().catch(() => {})
          throw failed(error)
        }
      },
      async cancel() {
        await handle.close()
      },
    },
    { highWaterMark: 0 },
  )
}

/** A body that is in memory already. */
export function bufferedBody(content: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    type: 'bytes',
    start(controller) {
      if (content.byteLength > 0) controller.enqueue(content)
      controller.close()
    },
  })
}

/**
 * Exactly `length` bytes of `handle` from `position`, in memory of their own: a stream gives its chunks away.
 * @throws an error without a code when the file ends early.
 */
export async function readFully(
  handle: FileHandle,
  length: number,
  position: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled)
    if (bytesRead === 0) throw new Error('the file is shorter than it was when it was opened')
    filled += bytesRead
  }
  return bytes
}
