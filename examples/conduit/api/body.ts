// The body of a request as checked input. Whatever cannot be read is refused before anything else happens.

import type { Context } from 'hono'
import type { z } from 'zod'
import { accept, InputRefused } from '../data/input.ts'

/** The largest article with every character escaped as `\u0000` fits (6 bytes for 1), and other fields beside it. */
export const MAX_BODY_BYTES = 512 * 1024

/** The body is no JSON. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable'
}

/**
 * What stands under `key` in the body. A body without it is one whose fields are all missing.
 * @throws Unreadable, InputRefused
 */
export async function readBody<T extends z.ZodType>(
  c: Context,
  key: string,
  schema: T,
): Promise<z.output<T>> {
  const body = parse(await c.req.arrayBuffer())
  if (!isObject(body)) throw new InputRefused({ body: ['must be a JSON object'] })
  const input = Object.hasOwn(body, key) ? body[key] : {}
  if (!isObject(input)) throw new InputRefused({ [key]: ['must be an object'] })
  return accept(schema, input)
}

function parse(bytes: ArrayBuffer): unknown {
  if (bytes.byteLength === 0) return {}
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Unreadable('is not JSON in UTF-8', { cause })
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
