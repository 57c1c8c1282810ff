// A page's form as text fields. A missing field is the empty text and a file is none, so a handler checks one thing:
// what the text says.

import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { HTTPException } from 'hono/http-exception'
import type { BodyData } from 'hono/utils/body'

/** Larger than any article with its limits in the data layer, written in percent-encoding. */
export const MAX_FORM_BYTES = 1024 * 1024

export interface Form {
  text(name: string): string
  /** Every value of a repeated field. */
  all(name: string): string[]
}

export const formLimit: MiddlewareHandler = bodyLimit({
  maxSize: MAX_FORM_BYTES,
  // Reads on to the end, which the web tier's own limit keeps near: a browser that is cut off while it sends shows its
  // own error page instead of ours.
  async onError(c) {
    const { body } = c.req.raw
    if (body !== null && !body.locked) await body.pipeTo(new WritableStream())
    throw new HTTPException(413)
  },
})

/** @throws HTTPException 400 for what is no form of the kind it says it is */
export async function readForm(c: Context): Promise<Form> {
  const fields = await parse(c)
  const all = (name: string): string[] =>
    [fields[name]].flat().filter((value): value is string => typeof value === 'string')
  // Browsers send line breaks as CR LF (HTML §4.10.21.4); what is stored has LF, as from the API.
  const plain = (value: string): string => value.replaceAll('\r\n', '\n')
  return { text: (name) => plain(all(name)[0] ?? ''), all: (name) => all(name).map(plain) }
}

async function parse(c: Context): Promise<BodyData<{ all: true }>> {
  try {
    return await c.req.parseBody({ all: true })
  } catch (cause) {
    // What the platform's form parser says of any malformed form (Fetch, "consume body"), and of nothing else.
    if (cause instanceof TypeError) throw new HTTPException(400, { cause })
    throw cause
  }
}
