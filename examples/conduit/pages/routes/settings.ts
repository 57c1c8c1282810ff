// `/settings`: the account's own data.

import { Hono } from 'hono'
import { UserGone } from '../../data/conflicts.ts'
import { accept, userChanges } from '../../data/input.ts'
import type { PageDeps } from '../deps.ts'
import { readForm } from '../form.ts'
import { profilePath } from '../paths.ts'
import { problemsOf } from '../problems.ts'
import { render } from '../render.ts'
import { settingsView, type SettingsView } from '../views/settings.ts'
import { loggedIn, visitorOf, type PageContext, type PageEnv } from '../visitor.ts'

/** What is wrong, and with which of the forms. */
export interface SettingsProblems {
  readonly errors?: readonly string[]
  readonly avatarErrors?: readonly string[]
}

/** The page with what is stored, or with what was typed and refused. */
export function settingsPage(
  c: PageContext,
  { errors = [], avatarErrors = [] }: SettingsProblems = {},
  typed?: Pick<SettingsView, 'image' | 'username' | 'bio' | 'email'>,
): Response | Promise<Response> {
  const { image, username, bio, email } = visitorOf(c)
  const fields = typed ?? { username, email, image: image ?? '', bio: bio ?? '' }
  const status = errors.length + avatarErrors.length > 0 ? 422 : 200
  return render(
    c,
    { title: 'Settings', status },
    settingsView({ ...fields, currentImage: image, errors, avatarErrors }),
  )
}

export function settingsRoutes({ sessions, accounts }: PageDeps): Hono<PageEnv> {
  return new Hono<PageEnv>()
    .get('/settings', loggedIn, (c) => settingsPage(c))
    .post('/settings', loggedIn, async (c) => {
      const { id } = visitorOf(c)
      const form = await readForm(c)
      const fields = {
        image: form.text('image'),
        username: form.text('username'),
        bio: form.text('bio'),
        email: form.text('email'),
      }
      // An empty field is no new password.
      const password = form.text('password') || undefined
      try {
        const user = await accounts.change(id, accept(userChanges, { ...fields, password }))
        if (user === undefined) throw new UserGone('the user exists no longer')
        // A new password ends what somebody else may have opened with the old one.
        if (password !== undefined) {
          await sessions.destroyAll(String(user.id))
          await sessions.start({ userId: String(user.id) })
        }
        return c.redirect(profilePath(user.username), 303)
      } catch (error) {
        return settingsPage(c, { errors: problemsOf(error) }, fields)
      }
    })
}
