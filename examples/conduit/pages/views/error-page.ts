// The page for what cannot be shown: not found, forbidden, broken.

import { html } from 'hono/html'
import type { Html } from './html.ts'

export function errorPage(title: string, explanation: string): Html {
  return html`<div class="error-page">
    <div class="container page narrow">
      <h1 class="form-title">${title}</h1>
      <p>${explanation}</p>
      <a class="btn btn-primary" href="/">Go to the home page</a>
    </div>
  </div>`
}
