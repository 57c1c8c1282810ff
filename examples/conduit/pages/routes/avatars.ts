// Uploading a profile picture and serving it. Whoever knows a picture's address may see it, as with any avatar.

import { Hono } from 'hono'
import { fileResponse } from 'pando/files'
import { receiveAvatar } from '../avatar-upload.ts'
import type { PageDeps } from '../deps.ts'
import { loggedIn, visitorOf, type PageEnv } from '../visitor.ts'
import { settingsPage } from './settings.ts'

export function avatarUploads({ accounts, files }: PageDeps): Hono<PageEnv> {
  return new Hono<PageEnv>().post('/settings/avatar', loggedIn, async (c) => {
    const { id } = visitorOf(c)
    const upload = await receiveAvatar(c.req.raw, files, id)
    if (!upload.ok) return settingsPage(c, { avatarErrors: [upload.problem] })
    await accounts.change(id, { image: upload.path })
    return c.redirect('/settings', 303)
  })
}

/** An address is given once, so it never means anything else. */
const CACHE_CONTROL = 'public, max-age=31536000, immutable'

export function avatarFiles({ files }: PageDeps): Hono<PageEnv> {
  return new Hono<PageEnv>().get(
    '/avatars/:user{[0-9]{1,10}}/:file{[A-Za-z0-9_-]{1,64}\\.[a-z]{3,4}}',
    (c) => {
      const { user, file } = c.req.param()
      return fileResponse(files, `avatars/${user}/${file}`, c.req.raw, { cacheControl: CACHE_CONTROL })
    },
  )
}
