// The keys that sign session cookies. The first signs, all of them verify, so a key is rotated by putting a new one in
// front, and the old one is taken away when the sessions that it signed have ended.

import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { PlatformError } from '../base/errors.ts'

export interface SigningKey {
  /** 1 to 32 of A-Z a-z 0-9 _ -. Stands in the cookie, so it says nothing about the secret. */
  readonly id: string
  /** At least 32 unguessable characters. */
  readonly secret: string
}

export interface Signer {
  /** `id` with the key's id and signature: the value of a cookie. */
  sign(id: string): string
  /** The `id` of a value that `sign` made, now or with an older key; undefined for any other text. */
  verify(value: string): VerifiedId | undefined
}

export interface VerifiedId {
  readonly id: string
  /** False when an older key signed it, so that the cookie should be sent anew. */
  readonly isCurrent: boolean
}

/** 32 random bytes as base64url text. */
const ID = '[A-Za-z0-9_-]{43}'
const KEY_ID = /^[A-Za-z0-9_-]{1,32}$/
const VALUE = new RegExp(`^(${ID})\\.([A-Za-z0-9_-]{1,32})\\.(${ID})$`)
const VALUE_MAX_LENGTH = 43 + 1 + 32 + 1 + 43
const SECRET_MIN_LENGTH = 32

/** @throws SESSIONS_KEYS_INVALID */
export function createSigner(keys: readonly SigningKey[]): Signer {
  const problem = keysProblem(keys)
  if (problem !== undefined) throw new PlatformError('SESSIONS_KEYS_INVALID', { problem })
  const first = keys[0]!
  const byId = new Map(keys.map((key) => [key.id, key]))
  return {
    sign: (id) => `${id}.${first.id}.${signature(first, id).toString('base64url')}`,
    verify(value) {
      const parts = value.length <= VALUE_MAX_LENGTH ? VALUE.exec(value) : null
      if (parts === null) return undefined
      const [, id, keyId, given] = parts as unknown as [string, string, string, string]
      const key = byId.get(keyId)
      if (key === undefined) return undefined
      // Compared as bytes and again as text: the last character of base64url has bits that decoding drops.
      const expected = signature(key, id)
      const isGenuine = timingSafeEqual(expected, Buffer.from(given, 'base64url'))
      if (!isGenuine || expected.toString('base64url') !== given) return undefined
      return { id, isCurrent: key === first }
    },
  }
}

function signature(key: SigningKey, id: string): Buffer {
  const mac = createHmac('sha256', key.secret).update(`pando.session.1.${key.id}.${id}`).digest()
  assert(mac.byteLength === 32)
  return mac
}

function keysProblem(keys: readonly SigningKey[]): string | undefined {
  if (keys.length === 0) return 'there are none'
  if (keys.length > 16) return 'there are more than 16'
  for (const { id, secret } of keys) {
    if (!KEY_ID.test(id)) return `${JSON.stringify(id)} is no id of a key`
    if (secret.length < SECRET_MIN_LENGTH)
      return `the secret of ${id} has fewer than ${SECRET_MIN_LENGTH} characters`
  }
  return new Set(keys.map(({ id }) => id)).size < keys.length ? 'two have the same id' : undefined
}
