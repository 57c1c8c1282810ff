// Uploaded profile pictures in the file store. Each upload has a name of its own, never used again: a picture may be
// removed as soon as its owner shows another one, whatever else is uploaded at that moment.

import { randomUUID } from 'node:crypto'
import type { Files, Logger } from 'pando'

/** The file name of a new picture: `avatars/7/<uuid>.png`. Its address on the site has a `/` before it. */
export function avatarName(userId: number, extension: string): string {
  return `avatars/${userId}/${randomUUID()}.${extension}`
}

/** Removes the picture that a change replaced. */
export type DiscardAvatar = (userId: number, replaced: string | null) => Promise<void>

export function discardingAvatars(files: Files, log: Logger): DiscardAvatar {
  return async (userId, replaced) => {
    // Addresses of other sites are nothing of ours, and uploads of other people are theirs.
    if (replaced === null || !replaced.startsWith(`/avatars/${userId}/`)) return
    try {
      await files.delete(replaced.slice(1))
    } catch (error) {
      log.warn({ error, image: replaced }, 'a replaced profile picture was left behind')
    }
  }
}
