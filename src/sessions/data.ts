// What a session can hold: JSON that every store keeps as it is.

import { describeError, PlatformError } from '../base/errors.ts'
import type { SessionData } from './sessions.ts'

/** `given` as it will be read back: dates become text, undefined is dropped. @throws SESSIONS_DATA_INVALID */
export function plainData(given: SessionData): SessionData {
  let text: string
  try {
    text = JSON.stringify(given)
  } catch (error) {
    throw invalid(describeError(error), error)
  }
  const plain: unknown = JSON.parse(text)
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain))
    throw invalid('it is not an object')
  // PostgreSQL's jsonb takes every text but these (its manual, §8.14); JSON.stringify writes them as escapes.
  if (UNSTORABLE.test(text) && hasUnstorableText(plain))
    throw invalid('a text in it has U+0000 or half a character')
  return plain as SessionData
}

const UNSTORABLE = /\\u(0000|[dD][89a-fA-F])/

/** Only called when the JSON text looks like it, since `\\u0000` may also be a backslash followed by letters. */
function hasUnstorableText(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed()
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, child]) => hasUnstorableText(key) || hasUnstorableText(child))
}

const USER_ID_MAX_LENGTH = 255

/** @throws SESSIONS_DATA_INVALID */
export function checkUserId(userId: string): void {
  if (typeof userId !== 'string' || userId === '') throw invalid('the userId is not a text, or is empty')
  if (userId.length > USER_ID_MAX_LENGTH)
    throw invalid(`the userId is longer than ${USER_ID_MAX_LENGTH} characters`)
  if (hasUnstorableText(userId)) throw invalid('the userId has U+0000 or half a character')
}

const OLD_ID_MAX_LENGTH = 4_096

/** @throws SESSIONS_DATA_INVALID */
export function checkOldId(oldId: string): void {
  if (typeof oldId !== 'string' || oldId === '')
    throw invalid('the identifier of the old session is not a text, or is empty')
  if (oldId.length > OLD_ID_MAX_LENGTH)
    throw invalid(`the identifier of the old session is longer than ${OLD_ID_MAX_LENGTH} characters`)
}

function invalid(problem: string, cause?: unknown): PlatformError {
  return new PlatformError('SESSIONS_DATA_INVALID', { problem }, { cause })
}

export function tooLarge(maxBytes: number): PlatformError {
  return new PlatformError('SESSIONS_TOO_LARGE', { maxBytes })
}
