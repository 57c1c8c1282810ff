// Takes a picture from a multipart form into the file store. The bytes go through as they come, and what is stored
// appears whole or not at all, so a bad upload changes nothing.

import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Busboy, type BusboyFileStream } from '@fastify/busboy'
import { isPlatformError, type Files } from 'pando'
import { avatarName } from '../data/avatars.ts'
import { imageType, SIGNATURE_BYTES } from './image-type.ts'

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

/** Stores the file of the field `avatar` and gives the path it is served under: `/avatars/7/<uuid>.png`. */
export async function receiveAvatar(request: Request, files: Files, userId: number): Promise<AvatarUpload> {
  try {
    return { ok: true, path: `/${await storePicture(request, files, userId)}` }
  } catch (error) {
    if (isPlatformError(error, 'FILES_TOO_LARGE')) return { ok: false, problem: PROBLEMS.large }
    if (error instanceof UploadRefused) return { ok: false, problem: PROBLEMS[error.problem] }
    throw error
  }
}

/** Reads the form, stores its picture and gives the file's name. @throws UploadRefused, FILES_TOO_LARGE */
async function storePicture(request: Request, files: Files, userId: number): Promise<string> {
  const contentType = request.headers.get('content-type') ?? ''
  if (request.body === null || !/^multipart\/form-data;.*boundary=/i.test(contentType))
    throw new UploadRefused('form')
  let picture: BusboyFileStream | undefined
  let stored: Promise<string> | undefined
  const form = openForm(contentType)
  form.on('file', (field: string, stream: BusboyFileStream) => {
    // The form reports the same error, to the pipeline; without a listener this one would end the process.
    stream.on('error', () => {})
    if (field !== 'avatar') {
      stream.resume()
      return
    }
    picture = stream
    stored = store(stream, files, userId)
    // Awaited below; until then a rejection is not unhandled.
    stored.catch(() => {})
  })
  try {
    await pipeline(Readable.fromWeb(request.body), form)
  } catch {
    // A form that ended early, or whose sender went away, must end the reading of its picture too.
    picture?.destroy(new UploadRefused('truncated'))
    // The picture may have come whole before the form broke off.
    const name = await stored
    if (name !== undefined) await files.delete(name)
    throw new UploadRefused('truncated')
  }
  if (stored === undefined) throw new UploadRefused('none')
  return stored
}

function openForm(contentType: string): InstanceType<typeof Busboy> {
  try {
    return new Busboy({
      headers: { 'content-type': contentType },
      limits: { files: 1, fields: 10, parts: 12, fieldSize: 1024, fileSize: MAX_AVATAR_BYTES + 1 },
    })
  } catch {
    // A boundary that it cannot look for.
    throw new UploadRefused('form')
  }
}

async function store(stream: BusboyFileStream, files: Files, userId: number): Promise<string> {
  const next = reader(stream)
  try {
    const beginning = await readBeginning(next)
    if (beginning.length === 0) throw new UploadRefused('none')
    const type = imageType(beginning)
    if (type === undefined) throw new UploadRefused('type')
    const name = avatarName(userId, type.extension)
    const { contentType } = type
    await files.put(name, rest(beginning, next), { contentType, maxBytes: MAX_AVATAR_BYTES })
    return name
  } catch (error) {
    // Reads on to the end, so that the sender hears the answer: a browser that is cut off while it sends shows its own
    // error page. The form gives at most one byte more than a picture may have.
    while ((await next().catch(() => undefined)) !== undefined);
    throw error
  }
}

type Next = () => Promise<Buffer | undefined>

/** Gives chunk after chunk, then undefined. Whatever breaks the stream off is the upload's fault, not the store's. */
function reader(stream: Readable): Next {
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>
  return async () => {
    try {
      return (await chunks.next()).value
    } catch {
      throw new UploadRefused('truncated')
    }
  }
}

async function readBeginning(next: Next): Promise<Buffer> {
  let beginning: Buffer = Buffer.alloc(0)
  while (beginning.length < SIGNATURE_BYTES) {
    const chunk = await next()
    if (chunk === undefined) break
    beginning = Buffer.concat([beginning, chunk])
  }
  return beginning
}

async function* rest(beginning: Buffer, next: Next): AsyncGenerator<Buffer> {
  yield beginning
  for (let chunk = await next(); chunk !== undefined; chunk = await next()) yield chunk
}
