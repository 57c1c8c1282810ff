// Settings: the account, the profile picture, and the way out. Three forms; the account's comes first, as RealWorld's
// browser suite presses the page's first submit button.

import { html } from 'hono/html'
import { avatar } from './avatar.ts'
import { errorMessages } from './error-messages.ts'
import { field } from './field.ts'
import type { Html } from './html.ts'

export interface SettingsView {
  readonly image: string
  readonly username: string
  readonly bio: string
  readonly email: string
  readonly errors: readonly string[]
  readonly avatarErrors: readonly string[]
  /** The picture as it is stored, whatever the form holds. */
  readonly currentImage: string | null
}

export function settingsView(view: SettingsView): Html {
  return html`<div class="settings-page">
    <div class="container page narrow">
      <h1 class="form-title">Your Settings</h1>
      ${errorMessages(view.errors)} ${accountForm(view)} ${avatarSection(view)}
      <section class="panel" aria-label="Log out">
        <form method="post" action="/logout">
          <button type="submit" class="btn btn-outline-danger">Or click here to logout.</button>
        </form>
      </section>
    </div>
  </div>`
}

function accountForm(view: SettingsView): Html {
  return html`<form method="post" action="/settings">
    ${field({
      name: 'image',
      label: 'URL of profile picture',
      value: view.image,
      autocomplete: 'photo',
      hint: 'An address that begins with https://, or upload a picture below. Empty for none.',
    })}
    ${field({
      name: 'username',
      label: 'Username',
      value: view.username,
      autocomplete: 'username',
      required: true,
      large: true,
    })}
    ${field({ name: 'bio', label: 'Short bio about you', value: view.bio, rows: 6 })}
    ${field({ name: 'email', label: 'Email', type: 'email', value: view.email, autocomplete: 'email', required: true })}
    ${field({
      name: 'password',
      label: 'New Password',
      type: 'password',
      autocomplete: 'new-password',
      minLength: 8,
      hint: 'At least 8 characters. Leave it empty to keep the password you have.',
    })}
    <div class="form-actions">
      <button type="submit" class="btn btn-lg btn-primary">Update Settings</button>
    </div>
  </form>`
}

function avatarSection({ currentImage, avatarErrors }: SettingsView): Html {
  return html`<section class="panel" aria-labelledby="avatar-heading">
    <h2 id="avatar-heading">Profile picture</h2>
    ${errorMessages(avatarErrors)}
    <form method="post" action="/settings/avatar" enctype="multipart/form-data" class="avatar-form">
      ${avatar(currentImage, 72, 'user-img')}
      <div class="form-group">
        <label for="field-avatar">Upload a picture</label>
        <input
          type="file"
          id="field-avatar"
          name="avatar"
          class="form-control"
          accept="image/png,image/jpeg,image/webp,image/gif"
          aria-describedby="field-avatar-hint"
          required
        />
        <p class="hint" id="field-avatar-hint">PNG, JPEG, WebP or GIF, up to 2 MiB.</p>
      </div>
      <button type="submit" class="btn btn-outline-primary">Upload picture</button>
    </form>
  </section>`
}
