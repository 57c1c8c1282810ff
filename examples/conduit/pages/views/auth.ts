// Sign in and sign up. The password is never sent back to the page.

import { html } from 'hono/html'
import { loginPath } from '../paths.ts'
import { errorMessages } from './error-messages.ts'
import { field } from './field.ts'
import type { Html } from './html.ts'

export interface LoginView {
  readonly email: string
  readonly errors: readonly string[]
  /** Where to go afterwards. */
  readonly returnTo: string
}

export function loginView({ email, errors, returnTo }: LoginView): Html {
  return authPage(
    'Sign in',
    html`<a href="/register">Need an account?</a>`,
    errors,
    html`<form method="post" action="/login">
      <input type="hidden" name="return" value="${returnTo}" />
      ${field({ name: 'email', label: 'Email', type: 'email', value: email, autocomplete: 'email', required: true })}
      ${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'current-password', required: true })}
      <div class="form-actions"><button type="submit" class="btn btn-lg btn-primary">Sign in</button></div>
    </form>`,
  )
}

export interface RegisterView {
  readonly username: string
  readonly email: string
  readonly errors: readonly string[]
}

export function registerView({ username, email, errors }: RegisterView): Html {
  return authPage(
    'Sign up',
    html`<a href="${loginPath('/')}">Have an account?</a>`,
    errors,
    html`<form method="post" action="/register">
      ${field({ name: 'username', label: 'Username', value: username, autocomplete: 'username', required: true })}
      ${field({ name: 'email', label: 'Email', type: 'email', value: email, autocomplete: 'email', required: true })}
      ${field({ name: 'password', label: 'Password', type: 'password', autocomplete: 'new-password', required: true })}
      <div class="form-actions"><button type="submit" class="btn btn-lg btn-primary">Sign up</button></div>
    </form>`,
  )
}

function authPage(title: string, other: Html, errors: readonly string[], form: Html): Html {
  return html`<div class="auth-page">
    <div class="container page narrow">
      <h1 class="form-title">${title}</h1>
      <p class="form-lead">${other}</p>
      ${errorMessages(errors)} ${form}
    </div>
  </div>`
}
