// Takes a picture from a multipart form into the file store. The bytes go through as they come: to a staging name, as
// the final name contains their hash and is only known at the end. What is wrong with an upload is found before the
// final name exists, so a bad one changes nothing.

import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import { Readable as NodeReadable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyFileStream, type BusboyHeaders } from '@fastify/busboy'
import { isPlatformError, type Files } from 'pando'
import { imageType, SIGNATURE_BYTES, type ImageType } from './image-type.ts'

export const MAX_AVATAR_BYTES = 2 * 1024 * 1024

export type AvatarUpload =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly problem: string }

const PROBLEMS = {
  none: 'Choose a picture to upload.',
  form: 'The upload could not be read. Please try again.',
  truncated: 'The upload broke off before it was complete. Nothing was changed; please try again.',
  large: 'The picture is larger than 2 MiB. Please choose a smaller one.',
  type: 'The file is not a PNG, JPEG, WebP or GIF picture.',
} as const

class UploadRefused extends Error {
  readonly problem: keyof typeof PROBLEMS
  constructor(problem: keyof typeof PROBLEMS) {
    super(PROBLEMS[problem])
    this.problem = problem
  }
}

/** Stores the file of the field `avatar` and gives the path it is served under: `/avatars/7/<hash>.png`. */
export async function receiveAvatar(request: Request, files: Files, userId: number): Promise<AvatarUpload> {
  const staged = `avatars/staged/${randomUUID()}`
  try {
    const type = await stage(request, files, staged)
    return { ok: true, path: await publish(files, staged, userId, type) }
  } catch (error) {
    if (isPlatformError(error, 'FILES_TOO_LARGE')) return { ok: false, problem: PROBLEMS.large }
    if (error instanceof UploadRefused) return { ok: false, problem: PROBLEMS[error.problem] }
    throw error
  } finally {
    await files.delete(staged)
  }
}

/** Reads the form and stores its picture under `name`. @throws UploadRefused, FILES_TOO_LARGE */
async function stage(request: Request, files: Files, name: string): Promise<ImageType> {
  const contentType = request.headers.get('content-type') ?? ''
  if (request.body === null || !/^multipart\/form-data;.*boundary=/i.test(contentType))
    throw new UploadRefused('form')
  let stored: Promise<ImageType> | undefined
  const form = new Busboy({
    headers: { 'content-type': contentType } as BusboyHeaders,
    limits: { files: 1, fields: 10, parts: 12, fieldSize: 1024, fileSize: MAX_AVATAR_BYTES + 1 },
  })
  form.on('file', (field: string, stream: BusboyFileStream) => {
    if (field !== 'avatar' || stored !== undefined) return void stream.resume()
    stored = store(stream, files, name)
    // Ends the reading of a form whose picture was refused, instead of taking the rest for nothing.
    stored.catch((error: unknown) => form.destroy(error as Error))
  })
  try {
    await pipeline(NodeReadable.fromWeb(request.body as never), form)
  } catch (error) {
    await stored
    if (error instanceof UploadRefused || isPlatformError(error)) throw error
    throw new UploadRefused('truncated')
  }
  if (stored === undefined) throw new UploadRefused('none')
  return stored
}

async function store(stream: BusboyFileStream, files: Files, name: string): Promise<ImageType> {
  const source = await withBeginning(stream)
  if (source.beginning.length === 0) throw new UploadRefused('none')
  const type = imageType(source.beginning)
  if (type === undefined) throw new UploadRefused('type')
  await files.put(name, source.all, { maxBytes: MAX_AVATAR_BYTES })
  if (stream.truncated) throw new UploadRefused('large')
  return type
}

/** The first bytes of a stream, and the whole of it. */
async function withBeginning(
  stream: Readable,
): Promise<{ readonly beginning: Uint8Array; readonly all: AsyncIterable<Uint8Array> }> {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  let beginning: Buffer = Buffer.alloc(0)
  while (beginning.length < SIGNATURE_BYTES) {
    const next = await chunks.next()
    if (next.done) break
    beginning = Buffer.concat([beginning, next.value])
  }
  return {
    beginning,
    all: (async function* () {
      yield beginning
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
    })(),
  }
}

/** Gives the staged picture its final name. The same picture twice has the same name and is stored once. */
async function publish(files: Files, staged: string, userId: number, type: ImageType): Promise<string> {
  const file = await files.get(staged)
  if (file === undefined) throw new UploadRefused('form')
  const hash = file.etag.replaceAll('"', '')
  const name = `avatars/${userId}/${hash}.${type.extension}`
  await files.put(name, file.body, { contentType: type.contentType, maxBytes: MAX_AVATAR_BYTES })
  return `/${name}`
}
